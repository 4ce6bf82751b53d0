export { blobs, type BlobsOptions } from './blobs.js'
export { BLOB_BYTES, capacity, MAX_BLOBS, packBlobs, unpackBlobs } from './packing.js'
