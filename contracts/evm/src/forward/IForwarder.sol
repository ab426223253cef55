// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Everything that a forwarder will ever do. Its address follows from it.
struct ForwardTerms {
    address gateway;
    /// @dev An outgoing lane of the gateway.
    bytes32 laneId;
    uint32 assetId;
    /// @dev Exactly what is sent on, in the token's own units.
    uint256 amount;
    /// @dev Account bytes of the remote chain, right-padded with zeros.
    bytes32 receiver;
    uint8 receiverLength;
    /// @dev Who gets what does not go on: the user's own account on this chain.
    address recovery;
    /// @dev Unix seconds from which nothing is sent on any more.
    uint64 expiry;
    /// @dev Makes each transfer's forwarder another one.
    bytes32 nonce;
}

/// @title An account that can do one thing with what it is paid.
/// @notice The receiver of a transfer that should go on through this chain. It sends one amount on, once, to one receiver.
/// Whatever else it holds, a refund above all, can only go to the recovery account: nothing travels in circles.
interface IForwarder {
    event Forwarded(bytes32 indexed laneId, uint64 sequence, bytes32 transferId);
    event Recovered(address indexed token, address indexed to, uint256 amount);

    error ForwarderNotDeployed();
    /// @dev It sent its amount on before. What came since goes to the recovery account.
    error ForwarderDone();
    error ForwarderExpired(uint64 expiry);
    error ForwarderWaiting(uint256 needed, uint256 held);
    error ForwarderNotRecovery(address caller);

    /// @notice Sends the amount on. Anyone may call, as often as they like: it works once.
    function forward() external returns (uint64 sequence, bytes32 transferId);

    /// @notice Gives all it holds of a token (zero: native coin) to the recovery account. The recovery account may call at any
    /// time; anyone once the amount was sent on, or the terms have expired.
    function recover(address token) external returns (uint256 amount);

    /// @notice The same to another account, for a recovery account that cannot take it. Only that account may call.
    function recoverTo(address token, address to) external returns (uint256 amount);

    /// @notice Claims a refund that the gateway could not pay here, for the recovery account. Anyone may call.
    function claimHeld() external returns (uint256 amount);

    function terms() external view returns (ForwardTerms memory);

    function forwarded() external view returns (bool);
}
