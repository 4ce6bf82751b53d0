// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BatcherControl, CertificateData, EpochData, ICausewayHub, ICausewayInbox, IDataAvailability, IVerifier, Registration} from "../interfaces/ICauseway.sol";
import {CertificateL1Data} from "../lib/CertificateL1Data.sol";
import {FIELD} from "../lib/Limits.sol";
import {PolicyBytes} from "../lib/PolicyBytes.sol";
import {WithdrawalTree} from "../lib/WithdrawalTree.sol";

/// @notice The cluster on L1: which chains it has, where their data is, and the one root over their headers, which moves only under
/// an aggregate proof. Every public input of that proof is computed here from storage and calldata (docs/protocol.md, sections 9 to 11).
/// @dev Settlement calls its verifier and its inbox (a view), nobody else.
contract CausewayHub is ICausewayHub {
    /// @dev The chain id is 0, L1's, or 2^64 - 1, which the protocol keeps.
    error ChainIdReserved(uint64 chainId);
    /// @dev Ids are unique for ever.
    error ChainIdTaken(uint64 chainId);
    /// @dev Not k ‖ n ‖ n × (x ‖ y) with 1 ≤ k ≤ n ≤ 8, coordinates < p, keys on the curve, x strictly ascending.
    error PolicyMalformed();
    error BatcherZero();
    error DaKindUnknown(uint8 daKind);
    /// @dev The kind `DA_ADAPTER` wants a contract, the others none.
    error DaAdapterInvalid(address adapter);
    /// @dev Bytes.
    error SpecTooLong(uint256 length);
    error ChainUnknown(uint64 chainId);
    error NotBatcher(uint64 chainId, address caller);
    /// @dev Also for the one who accepts an ownership that was not offered to it.
    error NotOwner(uint64 chainId, address caller);
    error NoBatcherAnnounced(uint64 chainId);
    /// @dev Seconds, as block times are.
    error BatcherTooEarly(uint64 chainId, uint64 applicableFrom);
    /// @dev The chain is registered with another kind of data availability than is posted.
    error WrongDaKind(uint64 chainId, uint8 registered);
    /// @dev The posting would have another number than its sender expects: L1 has postings that the sender does not know, or lacks some that it does.
    error NotNext(uint64 chainId, uint64 expected);
    /// @dev A posting of blobs is a transaction with at least one.
    error NoBlobs();
    error NoData();
    /// @dev An adapter's commitment has 1 to `MAX_COMMITMENT` bytes.
    error CommitmentSizeInvalid(uint256 length);

    error L1ChainIdUnusable(uint256 chainId);
    error VerifierMissing(address verifier);
    error WrongL1(uint256 chainId);
    error EpochNumberWrong(uint64 given, uint64 expected);
    /// @dev T is later than this block, or more than two hours earlier. All in ms.
    error EpochTimeOutOfRange(uint64 time, uint256 blockTime);
    error NewRootInvalid(bytes32 newRoot);
    error NoCertificates();
    /// @dev Queue cursors move by 0 to 2 and stay within the queue.
    error QueueCursorInvalid(uint64 cursor, uint64 applied, uint64 length);
    /// @dev Slots must strictly ascend.
    error SlotsUnsorted(uint32 slot);
    error SlotUnknown(uint32 slot);
    error CertificateExpired(uint32 slot, uint64 notAfter, uint256 blockTime);
    error ImportRootUnknown(uint32 slot, bytes32 importRoot);
    error InboxCursorTooFar(uint32 slot, uint64 cursor);
    error DaIndexTooFar(uint32 slot, uint64 index);
    error ProofInvalid();

    /// @notice Most outbox leaves and withdrawals of one certificate: what the circuit has places for.
    uint256 public constant MAX_LEAVES = CertificateL1Data.LEAVES;
    uint256 public constant MAX_WITHDRAWALS = CertificateL1Data.WITHDRAWALS;
    /// @notice Most queue entries that one epoch applies.
    uint256 public constant MAX_QUEUE_STEPS = 2;
    /// @notice How many settled roots an import may refer to.
    uint64 public constant RECENT_ROOTS = 64;
    /// @notice Oldest T, ms before the block that settles.
    uint64 public constant MAX_EPOCH_AGE = 2 hours * 1000;
    /// @notice Seconds between the announcement of a batcher and the first block in which it may be applied.
    uint64 public constant BATCHER_DELAY = 1 days;
    /// @notice Kinds of data availability: what a posting's commitment is (docs/protocol.md, section 9).
    uint8 public constant DA_BLOBS = 1;
    uint8 public constant DA_CALLDATA = 2;
    uint8 public constant DA_ADAPTER = 3;
    /// @notice Most bytes of a commitment that an adapter makes: every node of the cluster reads all of them.
    uint256 public constant MAX_COMMITMENT = 1_024;
    /// @notice Most bytes of what a registration says about its chain.
    uint256 public constant MAX_SPEC = 8_192;
    /// @notice Root of the empty registry: Poseidon2 tree of depth 32 with empty leaves.
    bytes32 public constant EMPTY_ROOT = 0x03fe040d4b06dbced020d5f166a0e8348246a81fcf47de20bb24e4326eb5b516;

    /// @dev One word.
    struct Chain {
        uint64 id;
        address batcher;
        uint32 daLength;
    }
    /// @dev What is found by a chain's id, in one word; 0 for ids that are free.
    struct Entry {
        uint64 slotPlusOne;
        uint8 daKind;
        address daAdapter;
    }

    bytes32 public immutable domain;
    bytes32 public immutable clusterId;
    IVerifier public immutable verifier;
    ICausewayInbox public immutable inbox;
    uint64 private immutable L1_CHAIN_ID;

    bytes32 public root;
    uint64 public epoch;
    uint64 public queueApplied;
    uint64 public queueLength;

    mapping(bytes32 settledRoot => uint64 epochPlusOne) public rootEpoch;
    mapping(uint64 epochNumber => bytes32) public withdrawalsRoot;
    mapping(uint64 index => bytes32) public queueHash;
    mapping(uint32 slot => Chain) private _chains;
    mapping(uint64 chainId => Entry) private _entries;
    mapping(uint64 chainId => mapping(uint64 index => bytes32)) private _daHashes;
    mapping(uint64 chainId => BatcherControl) private _controls;

    constructor(IVerifier verifier_, ICausewayInbox inbox_, bytes32 clusterId_) {
        if (block.chainid == 0 || block.chainid >= type(uint64).max) revert L1ChainIdUnusable(block.chainid);
        if (address(verifier_).code.length == 0) revert VerifierMissing(address(verifier_));
        verifier = verifier_;
        inbox = inbox_;
        clusterId = clusterId_;
        L1_CHAIN_ID = uint64(block.chainid);
        domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"),
                keccak256("Causeway"),
                keccak256("1"),
                block.chainid,
                address(this),
                clusterId_
            )
        );
        root = EMPTY_ROOT;
        rootEpoch[EMPTY_ROOT] = 1;
    }

    /// @inheritdoc ICausewayHub
    function register(Registration calldata r) external returns (uint32 slot) {
        uint64 chainId = r.chainId;
        if (chainId == 0 || chainId == L1_CHAIN_ID || chainId == type(uint64).max) revert ChainIdReserved(chainId);
        if (_entries[chainId].slotPlusOne != 0) revert ChainIdTaken(chainId);
        if (!PolicyBytes.isWellFormed(r.policy)) revert PolicyMalformed();
        if (r.batcher == address(0)) revert BatcherZero();
        if (r.daKind == 0 || r.daKind > DA_ADAPTER) revert DaKindUnknown(r.daKind);
        if (r.daKind == DA_ADAPTER ? r.daAdapter.code.length == 0 : r.daAdapter != address(0)) revert DaAdapterInvalid(r.daAdapter);
        if (bytes(r.spec).length > MAX_SPEC) revert SpecTooLong(bytes(r.spec).length);

        bytes32 policyHash = PolicyBytes.hash(r.policy);
        uint64 index = queueLength;
        // Every queue entry is a registration, so the index of one is the other's; 2^32 of them cannot be paid for.
        slot = uint32(index);
        _entries[chainId] = Entry({slotPlusOne: index + 1, daKind: r.daKind, daAdapter: r.daAdapter});
        _chains[slot] = Chain({id: chainId, batcher: r.batcher, daLength: 0});
        _controls[chainId].owner = r.owner;
        queueHash[index + 1] = sha256(abi.encodePacked(queueHash[index], uint8(1), slot, chainId, r.stateRoot, policyHash));
        queueLength = index + 1;
        emit ChainRegistered(slot, chainId, index, policyHash, r);
    }

    /// @inheritdoc ICausewayHub
    function announceBatcher(uint64 chainId, address batcher) external {
        if (batcher == address(0)) revert BatcherZero();
        _announce(chainId, batcher, uint64(block.timestamp) + BATCHER_DELAY);
    }

    /// @inheritdoc ICausewayHub
    function cancelBatcher(uint64 chainId) external {
        _announce(chainId, address(0), 0);
    }

    function _announce(uint64 chainId, address batcher, uint64 applicableFrom) private {
        BatcherControl storage control = _owned(chainId);
        control.announced = batcher;
        control.applicableFrom = applicableFrom;
        emit BatcherAnnounced(chainId, batcher, applicableFrom);
    }

    /// @inheritdoc ICausewayHub
    function applyBatcher(uint64 chainId) external {
        BatcherControl storage control = _owned(chainId);
        address batcher = control.announced;
        uint64 applicableFrom = control.applicableFrom;
        if (batcher == address(0)) revert NoBatcherAnnounced(chainId);
        if (block.timestamp < applicableFrom) revert BatcherTooEarly(chainId, applicableFrom);
        control.announced = address(0);
        control.applicableFrom = 0;
        _setBatcher(chainId, control, batcher);
    }

    /// @inheritdoc ICausewayHub
    function revokeBatcher(uint64 chainId) external {
        _setBatcher(chainId, _owned(chainId), address(0));
    }

    function _setBatcher(uint64 chainId, BatcherControl storage control, address batcher) private {
        uint64 era = control.era + 1;
        control.era = era;
        _chains[slotOf(chainId)].batcher = batcher;
        emit BatcherChanged(chainId, era, batcher);
    }

    /// @inheritdoc ICausewayHub
    function transferOwnership(uint64 chainId, address to) external {
        _owned(chainId).nextOwner = to;
        emit OwnershipOffered(chainId, to);
    }

    /// @inheritdoc ICausewayHub
    function acceptOwnership(uint64 chainId) external {
        BatcherControl storage control = _controls[chainId];
        if (control.nextOwner != msg.sender) revert NotOwner(chainId, msg.sender);
        control.owner = msg.sender;
        control.nextOwner = address(0);
        emit OwnershipTransferred(chainId, msg.sender);
    }

    /// @dev Nobody owns a chain that is not registered, or whose owner is 0.
    function _owned(uint64 chainId) private view returns (BatcherControl storage control) {
        control = _controls[chainId];
        if (control.owner != msg.sender) revert NotOwner(chainId, msg.sender);
    }

    /// @inheritdoc ICausewayHub
    function postBlobs(uint64 chainId, uint64 index) external {
        Chain storage chain = _posting(chainId, index, DA_BLOBS);
        uint256 count;
        while (blobhash(count) != 0) ++count;
        if (count == 0) revert NoBlobs();
        bytes memory hashes = new bytes(count * 32);
        for (uint256 i; i < count; ++i) {
            bytes32 hash = blobhash(i);
            assembly ("memory-safe") {
                mstore(add(hashes, shl(5, add(i, 1))), hash)
            }
        }
        _record(chainId, index, chain, hashes);
    }

    /// @inheritdoc ICausewayHub
    function postCalldata(uint64 chainId, uint64 index, bytes calldata data) external {
        Chain storage chain = _posting(chainId, index, DA_CALLDATA);
        if (data.length == 0) revert NoData();
        _record(chainId, index, chain, abi.encodePacked(keccak256(data)));
        emit BatchData(chainId, index, data);
    }

    /// @inheritdoc ICausewayHub
    /// @dev The call is static, so the adapter changes nothing here or elsewhere; what it does with the gas is the batcher's own loss.
    function postWith(uint64 chainId, uint64 index, bytes calldata posting) external {
        Chain storage chain = _posting(chainId, index, DA_ADAPTER);
        bytes memory commitment = IDataAvailability(_entries[chainId].daAdapter).commitment(chainId, index, posting);
        if (commitment.length == 0 || commitment.length > MAX_COMMITMENT) revert CommitmentSizeInvalid(commitment.length);
        _record(chainId, index, chain, commitment);
    }

    /// @dev The chain that the caller posts for, in the way it is registered with, and as the posting that comes next.
    function _posting(uint64 chainId, uint64 index, uint8 daKind) private view returns (Chain storage chain) {
        Entry memory entry = _entry(chainId);
        if (entry.daKind != daKind) revert WrongDaKind(chainId, entry.daKind);
        chain = _chains[uint32(entry.slotPlusOne - 1)];
        if (chain.batcher != msg.sender) revert NotBatcher(chainId, msg.sender);
        uint64 next = uint64(chain.daLength) + 1;
        if (index != next) revert NotNext(chainId, next);
    }

    /// @dev `index` is the next one.
    function _record(uint64 chainId, uint64 index, Chain storage chain, bytes memory commitment) private {
        bytes32 hash = keccak256(abi.encodePacked(_daHashes[chainId][index - 1], commitment));
        _daHashes[chainId][index] = hash;
        chain.daLength = uint32(index);
        emit BatchPosted(chainId, index, hash, commitment);
    }

    /// @inheritdoc ICausewayHub
    function settle(EpochData calldata data, bytes calldata proof) external {
        bytes32 oldRoot = root;
        _checkEpoch(data, oldRoot);
        (bytes32 accumulator, bytes32 withdrawals) = _certificates(data);
        if (!verifier.verify(proof, _publicInputs(data, oldRoot, accumulator))) revert ProofInvalid();

        root = data.newRoot;
        epoch = data.epoch;
        queueApplied = data.queueCursor;
        rootEpoch[data.newRoot] = data.epoch + 1;
        if (withdrawals != 0) withdrawalsRoot[data.epoch] = withdrawals;
        emit EpochSettled(data.epoch, data.newRoot, oldRoot, withdrawals, data);
    }

    function _checkEpoch(EpochData calldata data, bytes32 oldRoot) private view {
        if (block.chainid != L1_CHAIN_ID) revert WrongL1(block.chainid);
        uint64 expected = epoch + 1;
        if (data.epoch != expected) revert EpochNumberWrong(data.epoch, expected);
        uint256 time = block.timestamp * 1000;
        if (data.time > time || data.time + uint256(MAX_EPOCH_AGE) < time) revert EpochTimeOutOfRange(data.time, time);
        if (uint256(data.newRoot) >= FIELD || data.newRoot == oldRoot) revert NewRootInvalid(data.newRoot);
        if (data.certificates.length == 0) revert NoCertificates();
        uint64 applied = queueApplied;
        if (data.queueCursor < applied || data.queueCursor > applied + MAX_QUEUE_STEPS || data.queueCursor > queueLength) {
            revert QueueCursorInvalid(data.queueCursor, applied, queueLength);
        }
    }

    /// @dev Checks each certificate against storage, chains its L1 data, and collects the withdrawals of all.
    function _certificates(EpochData calldata data) private view returns (bytes32 accumulator, bytes32 withdrawals) {
        CertificateData[] calldata certificates = data.certificates;
        bytes32[] memory digests = new bytes32[](certificates.length * MAX_WITHDRAWALS);
        bytes memory buffer = new bytes(CertificateL1Data.SIZE);
        uint256 total;
        uint256 nextSlot;
        for (uint256 i; i < certificates.length; ++i) {
            CertificateData calldata c = certificates[i];
            uint32 slot = c.slot;
            if (slot < nextSlot) revert SlotsUnsorted(slot);
            nextSlot = uint256(slot) + 1;
            (uint64 chainId, bytes32 inboxHash, bytes32 da) = _referred(c, slot, data.epoch, data.newRoot);
            accumulator = CertificateL1Data.accumulate(buffer, accumulator, c, chainId, inboxHash, da);
            bytes32[] calldata own = c.withdrawals;
            assembly ("memory-safe") {
                calldatacopy(add(add(digests, 0x20), shl(5, total)), own.offset, shl(5, own.length))
            }
            total += own.length;
        }
        assembly ("memory-safe") {
            mstore(digests, total)
        }
        withdrawals = WithdrawalTree.root(digests);
    }

    /// @dev What a certificate refers to by slot and index, from storage; reverts if it is not there.
    function _referred(CertificateData calldata c, uint32 slot, uint64 number, bytes32 newRoot)
        private
        view
        returns (uint64 chainId, bytes32 inboxHash, bytes32 da)
    {
        chainId = _chains[slot].id;
        if (chainId == 0) revert SlotUnknown(slot);
        // By the block's time and not T: once it has passed, the chain's signers may have signed another certificate of this height.
        uint64 notAfter = c.notAfter;
        if (notAfter < block.timestamp * 1000) revert CertificateExpired(slot, notAfter, block.timestamp * 1000);
        bytes32 importRoot = c.importRoot;
        if (importRoot != 0 && importRoot != newRoot) {
            uint64 settled = rootEpoch[importRoot];
            if (settled == 0 || settled - 1 + RECENT_ROOTS < number) revert ImportRootUnknown(slot, importRoot);
        }
        // A rolling hash is 0 only at index 0 and past the end.
        uint64 cursor = c.l1InboxCursor;
        inboxHash = inbox.hashAt(chainId, cursor);
        if (inboxHash == 0 && cursor != 0) revert InboxCursorTooFar(slot, cursor);
        uint64 daIndex = c.daIndex;
        da = _daHashes[chainId][daIndex];
        if (da == 0 && daIndex != 0) revert DaIndexTooFar(slot, daIndex);
    }

    /// @dev The 16 public inputs of section 11, in order.
    function _publicInputs(EpochData calldata data, bytes32 oldRoot, bytes32 accumulator) private view returns (bytes32[] memory inputs) {
        inputs = new bytes32[](16);
        (inputs[0], inputs[1]) = _limbs(domain);
        inputs[2] = bytes32(uint256(L1_CHAIN_ID));
        inputs[3] = bytes32(uint256(data.epoch));
        inputs[4] = bytes32(uint256(data.time));
        inputs[5] = oldRoot;
        inputs[6] = data.newRoot;
        (inputs[7], inputs[8]) = _limbs(queueHash[queueApplied]);
        (inputs[9], inputs[10]) = _limbs(queueHash[data.queueCursor]);
        // 11 and 12: the accumulator of a whole epoch starts at 0.
        (inputs[13], inputs[14]) = _limbs(accumulator);
        inputs[15] = bytes32(uint256(uint160(data.beneficiary)));
    }

    function _limbs(bytes32 digest) private pure returns (bytes32 hi, bytes32 lo) {
        hi = digest >> 128;
        lo = bytes32(uint256(uint128(uint256(digest))));
    }

    /// @inheritdoc ICausewayHub
    function daLength(uint64 chainId) external view returns (uint64) {
        uint64 slotPlusOne = _entries[chainId].slotPlusOne;
        return slotPlusOne == 0 ? 0 : _chains[uint32(slotPlusOne - 1)].daLength;
    }

    /// @inheritdoc ICausewayHub
    function daHash(uint64 chainId, uint64 index) external view returns (bytes32) {
        return _daHashes[chainId][index];
    }

    /// @inheritdoc ICausewayHub
    function slotCount() external view returns (uint32) {
        return uint32(queueLength);
    }

    /// @inheritdoc ICausewayHub
    function chainIdAt(uint32 slot) external view returns (uint64) {
        return _chains[slot].id;
    }

    /// @inheritdoc ICausewayHub
    function batcherAt(uint32 slot) external view returns (address) {
        return _chains[slot].batcher;
    }

    /// @inheritdoc ICausewayHub
    function controlOf(uint64 chainId) external view returns (BatcherControl memory) {
        return _controls[chainId];
    }

    /// @inheritdoc ICausewayHub
    function isRegistered(uint64 chainId) external view returns (bool) {
        return _entries[chainId].slotPlusOne != 0;
    }

    /// @inheritdoc ICausewayHub
    function slotOf(uint64 chainId) public view returns (uint32) {
        return uint32(_entry(chainId).slotPlusOne - 1);
    }

    function _entry(uint64 chainId) private view returns (Entry memory entry) {
        entry = _entries[chainId];
        if (entry.slotPlusOne == 0) revert ChainUnknown(chainId);
    }
}
