export { blobs, type BlobsOptions } from './blobs.js'
export { calldata, MAX_CALLDATA } from './calldata.js'
export { BLOB_BYTES, capacity, MAX_BLOBS, packBlobs, unpackBlobs } from './packing.js'
