// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PacketCodec} from "../../src/PacketCodec.sol";
import {ForwarderFactory} from "../../src/forward/ForwarderFactory.sol";
import {ForwardTerms} from "../../src/forward/IForwarder.sol";
import {Fixture} from "./Fixture.sol";

/// @dev A gateway, the committed factory of forwarders, and terms for them.
abstract contract ForwardFixture is Fixture {
    bytes20 internal constant FINAL = hex"f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1";
    uint64 internal constant EXPIRY = uint64(NOW + 1 hours);

    ForwarderFactory internal factory;
    address internal recovery = address(0x2EC0);

    function setUp() public virtual override {
        super.setUp();
        factory = ForwarderFactory(vm.deployCode("artifacts/ForwarderFactory.json", ""));
    }

    function termsOf(uint32 assetId, uint256 amount) internal view returns (ForwardTerms memory) {
        return ForwardTerms({
            gateway: address(gateway),
            laneId: outgoing,
            assetId: assetId,
            amount: amount,
            receiver: bytes32(FINAL),
            receiverLength: 20,
            recovery: recovery,
            expiry: EXPIRY,
            nonce: bytes32(uint256(assetId))
        });
    }

    /// @dev Has the lanes carry an asset that is registered.
    function allow(uint32 assetId) internal {
        vm.startPrank(owner);
        gateway.setLimit(assetId, CAP, WINDOW);
        gateway.setLaneAsset(outgoing, assetId, true, 1, type(uint128).max, 1);
        vm.stopPrank();
    }

    function balanceOf(uint32 assetId, address account_) internal view returns (uint256) {
        if (assetId == NATIVE) return account_.balance;
        return assetId == MINTED ? minted.balanceOf(account_) : lockToken.balanceOf(account_);
    }

    /// @dev The packet is an ordinary transfer of the forwarder to the final receiver.
    function checkPacket(bytes memory packet, uint32 assetId, uint128 amount, address sender) internal view {
        this.checkEncoded(packet, assetId, amount, sender);
    }

    function checkEncoded(bytes calldata packet, uint32 assetId, uint128 amount, address sender) external pure {
        uint256 head = PacketCodec.readHead(packet, 0);
        assertEq(PacketCodec.kindOf(head), PacketCodec.KIND_TRANSFER, "a transfer");
        assertEq(PacketCodec.assetOf(head), assetId, "asset");
        assertEq(PacketCodec.amountOf(head), amount, "amount");
        assertEq(PacketCodec.receiverLengthOf(head), 20, "length of the receiver");
        assertEq(PacketCodec.receiver(packet, 0), bytes32(FINAL), "receiver");
        assertEq(PacketCodec.sender(packet, 0), bytes32(bytes20(sender)), "sender");
        assertEq(PacketCodec.deadline(packet, 0), 0, "no deadline");
    }
}
