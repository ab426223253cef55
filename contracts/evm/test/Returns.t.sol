// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Custody} from "../src/GatewayTypes.sol";
import {IGateway} from "../src/IGateway.sol";
import {IGatewayErrors as E} from "../src/IGatewayErrors.sol";
import {PacketCodec} from "../src/PacketCodec.sol";
import {Fixture} from "./support/Fixture.sol";
import {Vm} from "./support/Test.sol";
import {RevertingReceiver} from "./mocks/Receivers.sol";
import {OddToken} from "./mocks/Tokens.sol";

/// @dev Returns: paid, held and claimed, or parked and released; never sent on.
contract ReturnsTest is Fixture {
    uint32 private constant ODD = 5;

    function test_returns_are_paid_like_transfers_and_never_expire() public {
        fund(1_000, 0);
        PacketCodec.Packet memory packet = template(0, LOCKED, 300, account("sender"));
        packet.kind = PacketCodec.KIND_RETURN;
        packet.deadline = 1;
        deliverNow(PacketCodec.encode(packet));
        deliverNow(returnPacket(1, MINTED, 3, account("sender")));
        assertEq(lockToken.balanceOf(account("sender")), 300, "unlocked");
        assertEq(minted.balanceOf(account("sender")), 3e12, "minted again");
    }

    function test_a_return_of_a_disabled_asset_is_paid() public {
        vm.prank(owner);
        gateway.setLaneAsset(outgoing, MINTED, false, 1, 1, 1);
        deliverNow(returnPacket(0, MINTED, 3, account("sender")));
        assertEq(minted.balanceOf(account("sender")), 3e12, "paid");
    }

    function test_a_return_that_cannot_be_paid_is_held_and_claimed() public {
        fund(0, 1 ether);
        uint64 out = nextOut();
        RevertingReceiver sender = new RevertingReceiver();
        vm.recordLogs();
        deliverNow(returnPacket(0, NATIVE, 500, address(sender)));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(countEvents(logs, IGateway.ReturnHeld.selector), 1, "held");
        assertEq(nextOut(), out, "it does not travel again");
        assertEq(gateway.claimable(NATIVE, address(sender)), 500, "claimable");
        assertEq(gateway.locked(NATIVE), 1 ether, "still locked");
        // Nobody else can claim it; the receiver can, to wherever it likes.
        expectError(E.GatewayNothingToClaim.selector);
        gateway.claim(NATIVE, user);
        bytes memory claim = abi.encodeCall(IGateway.claim, (NATIVE, account("purse")));
        sender.execute(address(gateway), claim);
        assertEq(account("purse").balance, 500e9, "claimed");
        assertEq(gateway.locked(NATIVE), 1 ether - 500e9, "ledger");
        vm.expectRevert();
        sender.execute(address(gateway), claim);
    }

    function test_claims_of_minted_and_locked_assets() public {
        OddToken odd = new OddToken();
        vm.startPrank(owner);
        register(ODD, address(odd), Custody.Lock, 6);
        vm.stopPrank();
        odd.mint(user, 1000);
        vm.prank(user);
        gateway.send(outgoing, ODD, 1000, VAULT, 0);
        odd.setMode(OddToken.Mode.Reverts);
        deliverNow(returnPacket(0, ODD, 10, account("sender")));
        // Not representable here, so held; the representable part can be claimed.
        deliverNow(returnPacket(1, COARSE, 25_000, account("sender")));
        odd.setMode(OddToken.Mode.Silent);
        vm.startPrank(account("sender"));
        assertEq(gateway.claim(ODD, account("purse")), 10, "locked");
        assertEq(odd.balanceOf(account("purse")), 10, "paid");
        assertEq(gateway.claim(COARSE, account("purse")), 20_000, "minted");
        assertEq(coarse.balanceOf(account("purse")), 2, "paid");
        assertEq(gateway.claimable(COARSE, account("sender")), 5_000, "the rest stays");
        expectError(E.GatewayNothingToClaim.selector);
        gateway.claim(COARSE, account("purse"));
        expectError(E.GatewayClaimReceiverInvalid.selector);
        gateway.claim(ODD, address(0));
        expectError(E.GatewayClaimReceiverInvalid.selector);
        gateway.claim(ODD, address(gateway));
        expectError(E.GatewayClaimReceiverInvalid.selector);
        gateway.claim(ODD, address(odd));
        vm.stopPrank();
    }

    function test_returns_for_no_account_or_asset_are_parked_and_released() public {
        fund(1_000, 0);
        bytes memory unknownAsset = returnPacket(0, ODD, 10, account("sender"));
        PacketCodec.Packet memory nobody = template(1, LOCKED, 20, account("sender"));
        nobody.kind = PacketCodec.KIND_RETURN;
        nobody.receiverLength = 32;
        bytes memory unknownAccount = PacketCodec.encode(nobody);
        vm.recordLogs();
        deliverNow(bytes.concat(unknownAsset, unknownAccount));
        assertEq(countEvents(vm.getRecordedLogs(), IGateway.ReturnParked.selector), 2, "parked");
        assertTrue(gateway.parkedReturns(keccak256(abi.encodePacked(incoming, unknownAsset))), "by transfer id");

        // The asset is not mapped yet.
        expectError(E.GatewayAssetNotOnLane.selector);
        gateway.releaseReturn(incoming, unknownAsset, account("sender"));
        address odd = address(new OddToken());
        vm.startPrank(owner);
        register(ODD, odd, Custody.Lock, 6);
        vm.stopPrank();
        // Not for another account, not another packet, and once.
        expectError(E.GatewayClaimReceiverInvalid.selector);
        gateway.releaseReturn(incoming, unknownAsset, user);
        bytes memory forged = returnPacket(0, ODD, 11, account("sender"));
        expectError(E.GatewayReturnNotHeld.selector);
        gateway.releaseReturn(incoming, forged, account("sender"));
        gateway.releaseReturn(incoming, unknownAsset, account("sender"));
        assertEq(gateway.claimable(ODD, account("sender")), 10, "credited");
        expectError(E.GatewayReturnNotHeld.selector);
        gateway.releaseReturn(incoming, unknownAsset, account("sender"));

        // Where the packet names no account, the owner does.
        expectError(bytes4(keccak256("OwnableUnauthorizedAccount(address)")));
        gateway.releaseReturn(incoming, unknownAccount, user);
        vm.startPrank(owner);
        expectError(E.GatewayClaimReceiverInvalid.selector);
        gateway.releaseReturn(incoming, unknownAccount, address(0));
        gateway.releaseReturn(incoming, unknownAccount, user);
        vm.stopPrank();
        assertEq(gateway.claimable(LOCKED, user), 20, "credited");
    }
}
