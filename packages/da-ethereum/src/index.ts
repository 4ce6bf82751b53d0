export { blobs, type BlobsOptions } from './blobs.js'
export { calldata, MAX_CALLDATA, type CalldataOptions } from './calldata.js'
export { BLOB_BYTES, capacity, MAX_BLOBS, packBlobs, unpackBlobs } from './packing.js'
export type { PostingOptions } from './posting.js'
