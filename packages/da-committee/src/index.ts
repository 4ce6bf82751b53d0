export { committee, type CommitteeMember, type CommitteeOptions } from './committee.js'
export { batchTypedData, MAX_COMMITTEE_BATCH, type CommitteePlace, type SignedBatch } from './batch.js'
export { serveCommitteeMember, type CommitteeMemberOptions, type CommitteeMemberServer } from './serve.js'
