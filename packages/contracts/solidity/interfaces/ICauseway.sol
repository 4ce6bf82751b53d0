// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice One certificate as the hub needs it; everything else it takes from its own storage (docs/protocol.md, section 10).
struct CertificateData {
    uint32 slot;
    uint64 height;
    uint64 timestamp;
    uint64 l1InboxCursor;
    uint64 daIndex;
    uint64 notAfter;
    bytes32 stateRoot;
    bytes32 inboxRoot;
    bytes32 balanceRoot;
    bytes32 importRoot;
    bytes32[] leaves;
    bytes32[] withdrawals;
}

struct EpochData {
    uint64 epoch;
    /// @dev T, in ms: the L1 time the epoch was composed at.
    uint64 time;
    bytes32 newRoot;
    /// @dev Queue entries applied once this epoch is.
    uint64 queueCursor;
    address beneficiary;
    CertificateData[] certificates;
}

/// @notice What a chain is registered with. All but batcher and owner is for ever.
struct Registration {
    uint64 chainId;
    /// @dev Of the genesis. Its header is the hub's: height 0, empty trees.
    bytes32 stateRoot;
    /// @dev k u8 ‖ n u8 ‖ n × (x ‖ y); the hub computes its hash.
    bytes policy;
    /// @dev The account that may post the chain's batches.
    address batcher;
    /// @dev The account that may change the batcher; if it is 0, nobody ever may.
    address owner;
    /// @dev How the chain's batches are posted: `DA_BLOBS`, `DA_CALLDATA` or `DA_ADAPTER`.
    uint8 daKind;
    /// @dev For `DA_ADAPTER` the `IDataAvailability` that makes the commitments; for the others 0.
    address daAdapter;
    /// @dev What the chain is, in words that its nodes understand; up to `MAX_SPEC` bytes. The contract does not look at it, and keeps it in the event only.
    string spec;
}

/// @notice Who decides on a chain's batcher, and what is decided (docs/protocol.md, section 9a).
struct BatcherControl {
    address owner;
    /// @dev How often the batcher was changed.
    uint64 era;
    /// @dev The batcher that the owner may apply, or 0.
    address announced;
    /// @dev L1 time in seconds.
    uint64 applicableFrom;
    /// @dev To whom the ownership is offered, or 0.
    address nextOwner;
}

/// @notice The aggregate's verifier, as Barretenberg generates it.
interface IVerifier {
    function verify(bytes calldata proof, bytes32[] calldata publicInputs) external view returns (bool);
}

/// @notice A way to post that the hub does not know itself: says what a posting's commitment is. A chain that is registered with it trusts it.
interface IDataAvailability {
    /// @notice The commitment of a posting, 1 to `MAX_COMMITMENT` bytes, which must be all that a reader needs to find the data and to
    /// check it. Reverts if the posting does not show that the data is available. It is called by the hub (`msg.sender`), when the
    /// chain's batcher posts.
    /// @param posting what the adapter wants to see; for example signatures
    function commitment(uint64 chainId, uint64 index, bytes calldata posting) external view returns (bytes memory);
}

interface ICausewayHub {
    event ChainRegistered(uint32 indexed slot, uint64 indexed chainId, uint64 queueIndex, bytes32 policyHash, Registration registration);
    /// @dev From here on the chain's postings are of this era; `batcher` is 0 if nobody may post.
    event BatcherChanged(uint64 indexed chainId, uint64 indexed era, address batcher);
    /// @dev `batcher` is 0 if an announcement was cancelled.
    event BatcherAnnounced(uint64 indexed chainId, address batcher, uint64 applicableFrom);
    event OwnershipOffered(uint64 indexed chainId, address to);
    event OwnershipTransferred(uint64 indexed chainId, address owner);
    /// @dev `index`: how many postings the chain has with this one, which is what a certificate's daIndex counts.
    /// `commitment` is of the chain's kind: the versioned hashes of blobs, keccak256 of the data, or what its adapter says.
    event BatchPosted(uint64 indexed chainId, uint64 indexed index, bytes32 daHash, bytes commitment);
    /// @dev The data of a posting of the kind `DA_CALLDATA`, whoever calls the hub: a log is found where calldata of an inner call is not.
    event BatchData(uint64 indexed chainId, uint64 indexed index, bytes data);
    /// @dev Carries the epoch data, so that the registry and every outbox can be rebuilt from logs alone.
    event EpochSettled(uint64 indexed epoch, bytes32 indexed newRoot, bytes32 oldRoot, bytes32 withdrawalsRoot, EpochData data);

    /// @notice Queues a chain. Anybody may, for any chain id that is free.
    function register(Registration calldata r) external returns (uint32 slot);

    /// @notice Only the owner: names the chain's next batcher, in the place of one that was announced before. It may be applied after
    /// `BATCHER_DELAY`, or be kept for the day that it is needed.
    function announceBatcher(uint64 chainId, address batcher) external;

    /// @notice Only the owner: takes back the announcement.
    function cancelBatcher(uint64 chainId) external;

    /// @notice Only the owner: makes the announced account the batcher, and begins an era, whose postings outrank all earlier ones.
    function applyBatcher(uint64 chainId) external;

    /// @notice Only the owner: at once nobody may post, until a batcher is applied.
    function revokeBatcher(uint64 chainId) external;

    /// @notice Only the owner: offers the ownership to an account, which has to accept it. 0 takes back the offer.
    function transferOwnership(uint64 chainId, address to) external;

    /// @notice Only the account that the ownership is offered to.
    function acceptOwnership(uint64 chainId) external;

    /// @notice Records the blobs of this transaction as the next batch of a chain of the kind `DA_BLOBS`. Only its batcher.
    /// @param index the number that this posting will have, `daLength + 1`; with any other nothing is posted. So a batcher that does not
    /// know whether a posting got through can send it again, and it counts once.
    function postBlobs(uint64 chainId, uint64 index) external;

    /// @notice Records `data` as the next batch of a chain of the kind `DA_CALLDATA`. Only its batcher.
    /// @param index as for `postBlobs`
    function postCalldata(uint64 chainId, uint64 index, bytes calldata data) external;

    /// @notice Records what the chain's adapter says of `posting` as the next batch of a chain of the kind `DA_ADAPTER`. Only its batcher.
    /// @param index as for `postBlobs`
    function postWith(uint64 chainId, uint64 index, bytes calldata posting) external;

    /// @notice Settles an epoch. Anybody may call it.
    function settle(EpochData calldata data, bytes calldata proof) external;

    function domain() external view returns (bytes32);
    function clusterId() external view returns (bytes32);
    function verifier() external view returns (IVerifier);
    function epoch() external view returns (uint64);
    function root() external view returns (bytes32);
    /// @notice Epoch number at which a root was settled, plus one; 0 if never.
    function rootEpoch(bytes32 root) external view returns (uint64);
    function queueLength() external view returns (uint64);
    function queueApplied() external view returns (uint64);
    function queueHash(uint64 index) external view returns (bytes32);
    function daLength(uint64 chainId) external view returns (uint64);
    /// @notice Rolling DA hash after `index` postings.
    function daHash(uint64 chainId, uint64 index) external view returns (bytes32);
    function withdrawalsRoot(uint64 epoch) external view returns (bytes32);
    function slotCount() external view returns (uint32);
    function chainIdAt(uint32 slot) external view returns (uint64);
    function isRegistered(uint64 chainId) external view returns (bool);
    /// @notice The account that may post the batches of the chain at a slot; zero if there is none.
    function batcherAt(uint32 slot) external view returns (address);
    function controlOf(uint64 chainId) external view returns (BatcherControl memory);
    /// @notice Slot of a registered chain.
    function slotOf(uint64 chainId) external view returns (uint32);
    function inbox() external view returns (ICausewayInbox);
}

/// @notice What a depositor says besides the value.
struct DepositParams {
    uint64 chainId;
    address recipient;
    address refundTo;
    uint64 gasLimit;
    bytes payload;
}

/// @notice An L1-bound message; the digest the hub recorded is the sha256 of its fields (docs/protocol.md, section 10).
struct Withdrawal {
    uint64 source;
    uint64 nonce;
    uint64 timestamp;
    address sender;
    address recipient;
    address refundTo;
    address token;
    uint128 amount;
    uint64 gasLimit;
    uint64 expiry;
    bytes payload;
}

interface ICausewayInbox {
    /// @dev The deposit message in full (`hash`: the rolling hash after it); token home is L1, source is L1, nonce is `index`, expiry is 2^64 - 1, fee is 0.
    event Deposited(
        uint64 indexed chainId, uint64 indexed index, bytes32 hash, uint64 timestamp, address sender, address recipient, address refundTo, address token, uint128 amount, uint64 gasLimit, bytes payload
    );
    event Forced(uint64 indexed chainId, uint64 indexed index, bytes32 hash, bytes transaction);

    /// @notice Appends a signed L2 transaction (1 to 32,768 bytes) to the chain's inbox.
    function forceTransaction(uint64 chainId, bytes calldata transaction) external returns (uint64 index);
    function length(uint64 chainId) external view returns (uint64);
    /// @notice Rolling hash after `index` entries; 0 for index 0.
    function hashAt(uint64 chainId, uint64 index) external view returns (bytes32);
    /// @notice Only the bridge: appends a deposit it has taken into escrow (or one of amount 0).
    function appendDeposit(address sender, address token, uint128 amount, DepositParams calldata params) external returns (uint64 index);
}

/// @notice L1's messenger. It holds no funds and has no roles; the only call it makes is `receiveMessage`.
interface ICausewayMessengerL1 {
    /// @dev The recipient has no code, reverted, ran out of its gas or did not return the selector of `receiveMessage`.
    error CallFailed();
    /// @dev The caller gave too little gas for the call to get the message's whole gas limit.
    error InsufficientGas();

    /// @notice Only the bridge: calls `receiveMessage` of the recipient with `msg.value` and exactly `gasLimit` gas, or reverts.
    function deliver(uint64 source, uint64 nonce, address sender, address recipient, uint64 gasLimit, bytes calldata payload) external payable;
}

interface ICausewayBridge {
    event WithdrawalClaimed(bytes32 indexed digest, uint64 indexed source, uint64 indexed nonce, address recipient, address token, uint128 amount, bool success);

    event RefundRedirected(bytes32 indexed digest, address to);

    /// @notice Deposits ETH (msg.value) to `params.recipient` on a chain. Contract callers are aliased.
    function depositETH(DepositParams calldata params) external payable returns (uint64 index);
    /// @notice Deposits an ERC-20; credits what really arrived.
    function depositERC20(address token, uint256 amount, DepositParams calldata params) external payable returns (uint64 index);
    /// @notice Pays a settled withdrawal, once: to its recipient, or to its refundTo what the recipient does not take. Anybody may call
    /// it; that the recipient does not take it counts only in a transaction of its own, sent by an account without code.
    function claim(Withdrawal calldata withdrawal, uint64 epoch, bytes32[] calldata path) external;
    /// @notice Only the withdrawal's refundTo: what the recipient does not take goes to `to` when it is claimed, by whomever; to
    /// refundTo again if `to` is 0. It need not have settled.
    function redirect(Withdrawal calldata withdrawal, address to) external;
    /// @notice Where refundTo wants the value of a withdrawal to go in its stead; 0 if nowhere else.
    function redirected(bytes32 digest) external view returns (address);
    function claimed(bytes32 digest) external view returns (bool);
    /// @notice What the bridge holds for all chains together.
    function escrowed(address token) external view returns (uint128);
    /// @notice Tells a chain name, symbol and decimals of a token of L1, for its wrapper there. Anybody may call it.
    function announceToken(address token, uint64 chainId) external returns (uint64 index);
}
