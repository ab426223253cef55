// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Custody} from "../src/GatewayTypes.sol";
import {IGatewayErrors as E} from "../src/IGatewayErrors.sol";
import {PacketCodec} from "../src/PacketCodec.sol";
import {DeployedGateway} from "./support/DeployedGateway.sol";
import {Fixture} from "./support/Fixture.sol";
import {Vm} from "./support/Test.sol";
import {BonusToken, FeeToken, OddToken} from "./mocks/Tokens.sol";

contract DepositsTest is Fixture {
    uint32 private constant ODD = 5;

    function expected(uint64 sequence, uint32 assetId, uint128 amount, uint64 deadline)
        private
        view
        returns (bytes memory)
    {
        PacketCodec.Packet memory packet = template(sequence, assetId, amount, address(bytes20(VAULT)));
        packet.deadline = deadline;
        packet.sourceReference = keccak256(abi.encodePacked(outgoing, sequence, block.number, user));
        packet.sender = bytes32(bytes20(user));
        return PacketCodec.encode(packet);
    }

    function test_send_writes_the_packet_the_accumulator_and_the_ledger() public {
        vm.roll(1234);
        vm.recordLogs();
        vm.prank(user);
        (uint64 sequence, bytes32 transferId) = gateway.send(outgoing, LOCKED, 700, VAULT, uint64(NOW + 60));
        bytes[] memory sent = sentPackets(vm.getRecordedLogs(), address(gateway));
        bytes memory packet = expected(0, LOCKED, 700, uint64(NOW + 60));
        assertEq(sent.length, 1, "one packet");
        assertEq(sent[0], packet, "packet");
        assertEq(sequence, 0, "sequence");
        assertEq(transferId, keccak256(abi.encodePacked(outgoing, packet)), "transfer id");
        bytes32 accumulator = keccak256(abi.encodePacked(bytes32(0), packet));
        assertEq(gateway.accumulators(outgoing), accumulator, "accumulator");
        assertEq(gateway.locked(LOCKED), 700, "locked");

        vm.prank(user);
        (sequence,) = gateway.send{value: 3e9}(outgoing, NATIVE, 3e9, VAULT, 0);
        assertEq(sequence, 1, "next");
        assertEq(
            gateway.accumulators(outgoing),
            keccak256(abi.encodePacked(accumulator, expected(1, NATIVE, 3, 0))),
            "hash chain"
        );
        assertEq(gateway.locked(NATIVE), 3e9, "locked coin");
    }

    function test_ATK_28_mint_custody_burns_only_the_callers_own() public {
        deliverNow(transferPacket(0, MINTED, 10, user));
        deliverNow(transferPacket(1, MINTED, 10, account("victim")));
        vm.startPrank(user);
        gateway.send(outgoing, MINTED, 4e12, VAULT, 0);
        assertEq(minted.balanceOf(user), 6e12, "burned");
        assertEq(minted.totalSupply(), 16e12, "supply");
        vm.expectRevert();
        gateway.send(outgoing, MINTED, 7e12, VAULT, 0);
        vm.stopPrank();
        assertEq(minted.balanceOf(account("victim")), 10e12, "untouched");
    }

    function test_ATK_28_approvals_to_the_gateway_are_spent_by_their_owner_only() public {
        // The user approved everything. Nobody else can make the gateway use it.
        uint256 before = lockToken.balanceOf(user);
        vm.startPrank(account("thief"));
        vm.expectRevert();
        gateway.send(outgoing, LOCKED, 1, VAULT, 0);
        uint256[] memory amounts = new uint256[](1);
        amounts[0] = 1;
        vm.expectRevert();
        gateway.sendBatch(outgoing, LOCKED, amounts, VAULT, 0);
        vm.stopPrank();
        assertEq(lockToken.balanceOf(user), before, "untouched");
    }

    function test_sendBatch_is_many_sends() public {
        uint256[] memory amounts = new uint256[](3);
        (amounts[0], amounts[1], amounts[2]) = (5, 6, 7);
        bytes memory receivers = bytes.concat(VAULT, VAULT, VAULT);
        vm.recordLogs();
        vm.prank(user);
        assertEq(gateway.sendBatch(outgoing, LOCKED, amounts, receivers, 0), 0, "first sequence");
        bytes[] memory sent = sentPackets(vm.getRecordedLogs(), address(gateway));
        bytes32 accumulator = 0;
        for (uint64 i = 0; i < 3; i++) {
            assertEq(sent[i], expected(i, LOCKED, uint128(5 + i), 0), "packet");
            accumulator = keccak256(abi.encodePacked(accumulator, sent[i]));
        }
        assertEq(gateway.accumulators(outgoing), accumulator, "accumulator");
        assertEq(gateway.locked(LOCKED), 18, "locked");
        assertEq(nextOut(), 3, "next");

        vm.startPrank(user);
        (amounts[0], amounts[1], amounts[2]) = (5e9, 6e9, 7e9);
        gateway.sendBatch{value: 18e9}(outgoing, NATIVE, amounts, receivers, 0);
        expectError(E.GatewayValueMismatch.selector);
        gateway.sendBatch{value: 17e9}(outgoing, NATIVE, amounts, receivers, 0);
        expectError(E.GatewayBatchMalformed.selector);
        gateway.sendBatch(outgoing, LOCKED, amounts, VAULT, 0);
        expectError(E.GatewayBatchMalformed.selector);
        gateway.sendBatch(outgoing, LOCKED, new uint256[](0), "", 0);
        expectError(E.GatewayReceiverMalformed.selector);
        gateway.sendBatch(outgoing, LOCKED, amounts, new bytes(60), 0);
        // A sum that wraps.
        (amounts[0], amounts[1]) = (type(uint256).max, 2);
        vm.expectRevert();
        gateway.sendBatch(outgoing, LOCKED, amounts, receivers, 0);
        vm.stopPrank();
        assertEq(nextOut(), 6, "next");
    }

    function test_what_is_not_a_valid_send() public {
        vm.startPrank(user);
        expectError(E.GatewayLaneUnknown.selector);
        gateway.send(incoming, LOCKED, 1, VAULT, 0);
        expectError(E.GatewayAssetUnknown.selector);
        gateway.send(outgoing, 99, 1, VAULT, 0);
        expectError(E.GatewayDeadlinePassed.selector);
        gateway.send(outgoing, LOCKED, 1, VAULT, uint64(NOW));
        expectError(E.GatewayAmountOutOfRange.selector);
        gateway.send(outgoing, LOCKED, 0, VAULT, 0);
        vm.stopPrank();
        vm.startPrank(owner);
        gateway.setLaneAsset(outgoing, LOCKED, true, 10, 20, 1);
        vm.stopPrank();
        vm.startPrank(user);
        expectError(E.GatewayAmountOutOfRange.selector);
        gateway.send(outgoing, LOCKED, 9, VAULT, 0);
        expectError(E.GatewayAmountOutOfRange.selector);
        gateway.send(outgoing, LOCKED, 21, VAULT, 0);
        gateway.send(outgoing, LOCKED, 20, VAULT, 0);
        vm.stopPrank();
        vm.startPrank(owner);
        gateway.setLaneAsset(outgoing, LOCKED, false, 10, 20, 1);
        gateway.setLaneEnabled(outgoing, true);
        vm.stopPrank();
        vm.startPrank(user);
        expectError(E.GatewayAssetNotOnLane.selector);
        gateway.send(outgoing, LOCKED, 15, VAULT, 0);
        vm.stopPrank();
        vm.prank(owner);
        gateway.setLaneEnabled(outgoing, false);
        vm.startPrank(user);
        expectError(E.GatewayLaneDisabled.selector);
        gateway.send{value: 1e9}(outgoing, NATIVE, 1e9, VAULT, 0);
        vm.stopPrank();
    }

    function test_ATK_34_receiver_length_is_checked_at_the_deposit() public {
        vm.startPrank(user);
        expectError(E.GatewayReceiverMalformed.selector);
        gateway.send(outgoing, LOCKED, 1, bytes.concat(VAULT, hex"00"), 0);
        expectError(E.GatewayReceiverMalformed.selector);
        gateway.send(outgoing, LOCKED, 1, new bytes(19), 0);
        expectError(E.GatewayReceiverMalformed.selector);
        gateway.send(outgoing, LOCKED, 1, new bytes(20), 0);
        expectError(E.GatewayReceiverMalformed.selector);
        gateway.send(outgoing, LOCKED, 1, "", 0);
        vm.stopPrank();
        vm.startPrank(owner);
        (bytes32 wide,) = gateway.registerLane("polkadot:91b171bb158e2d3848fa23a9f1c25182", new bytes(32), 32, 512);
        gateway.setLaneAsset(wide, LOCKED, true, 1, 100, 1);
        vm.stopPrank();
        vm.startPrank(user);
        expectError(E.GatewayReceiverMalformed.selector);
        gateway.send(wide, LOCKED, 1, VAULT, 0);
        gateway.send(wide, LOCKED, 1, abi.encode(keccak256("account")), 0);
        vm.stopPrank();
    }

    function test_ATK_25_token_without_code_and_mixed_paths() public {
        vm.startPrank(owner);
        expectError(E.GatewayTokenTaken.selector);
        gateway.registerAsset(9, address(0), Custody.Lock, 6);
        DeployedGateway fresh = deployGateway(owner, signerSet(1, 2, keys));
        expectError(E.GatewayTokenInvalid.selector);
        fresh.registerAsset(9, address(0), Custody.Lock, 6);
        expectError(E.GatewayTokenInvalid.selector);
        fresh.registerAsset(9, address(0), Custody.Mint, 6);
        expectError(E.GatewayTokenInvalid.selector);
        gateway.registerAsset(9, address(0xdead), Custody.Lock, 6);
        expectError(E.GatewayTokenTaken.selector);
        gateway.registerAsset(9, address(0), Custody.Native, 9);
        expectError(E.GatewayTokenInvalid.selector);
        gateway.registerAsset(9, address(0xdead), Custody.Native, 9);
        expectError(E.GatewayTokenInvalid.selector);
        gateway.registerAsset(9, address(0xdead), Custody.None, 9);
        vm.stopPrank();
        // Coin with a token send, coin less than said, no coin at all.
        vm.startPrank(user);
        expectError(E.GatewayValueMismatch.selector);
        gateway.send{value: 1}(outgoing, LOCKED, 1, VAULT, 0);
        expectError(E.GatewayValueMismatch.selector);
        gateway.send{value: 1}(outgoing, MINTED, 1e12, VAULT, 0);
        expectError(E.GatewayValueMismatch.selector);
        gateway.send{value: 1e9}(outgoing, NATIVE, 2e9, VAULT, 0);
        expectError(E.GatewayValueMismatch.selector);
        gateway.send(outgoing, NATIVE, 2e9, VAULT, 0);
        // Coin that just arrives is nobody's deposit: it does not arrive.
        (bool success,) = address(gateway).call{value: 1}("");
        assertTrue(!success, "no receive");
        vm.stopPrank();
    }

    function test_ATK_25_a_token_that_lost_its_code_credits_nothing() public {
        OddToken odd = new OddToken();
        vm.startPrank(owner);
        register(ODD, address(odd), Custody.Lock, 6);
        vm.stopPrank();
        vm.etch(address(odd), "");
        vm.prank(user);
        vm.expectRevert();
        gateway.send(outgoing, ODD, 5, VAULT, 0);
    }

    function testFuzz_ATK_29_fee_on_transfer_credits_what_arrived(uint256 percent, uint256 amount) public {
        percent = bound(percent, 0, 100);
        amount = bound(amount, 1, 1e15);
        FeeToken token = new FeeToken();
        vm.startPrank(owner);
        register(ODD, address(token), Custody.Lock, 6);
        vm.stopPrank();
        token.setFee(percent);
        token.mint(user, amount * 2);
        uint256 arrives = amount - amount * percent / 100;
        vm.startPrank(user);
        token.approve(address(gateway), type(uint256).max);
        if (arrives == 0) {
            expectError(E.GatewayAmountOutOfRange.selector);
            gateway.send(outgoing, ODD, amount, VAULT, 0);
        } else {
            vm.recordLogs();
            gateway.send(outgoing, ODD, amount, VAULT, 0);
            bytes memory packet = sentPackets(vm.getRecordedLogs(), address(gateway))[0];
            assertEq(packet, expected(0, ODD, uint128(arrives), 0), "what arrived");
            assertEq(gateway.locked(ODD), arrives, "locked what arrived");
        }
        // A batch cannot say whose amount was shortened.
        uint256[] memory amounts = new uint256[](1);
        amounts[0] = amount;
        if (arrives != amount) {
            expectError(E.GatewayCreditMismatch.selector);
            gateway.sendBatch(outgoing, ODD, amounts, VAULT, 0);
        }
        vm.stopPrank();
    }

    function test_ATK_26_29_more_than_was_asked_for_is_nobodys() public {
        BonusToken token = new BonusToken();
        vm.startPrank(owner);
        register(ODD, address(token), Custody.Lock, 6);
        vm.stopPrank();
        token.mint(user, 100);
        vm.startPrank(user);
        token.approve(address(gateway), 100);
        expectError(E.GatewayCreditMismatch.selector);
        gateway.send(outgoing, ODD, 5, VAULT, 0);
        vm.stopPrank();
    }

    function test_ATK_29_silent_tokens_work_and_false_is_failure() public {
        OddToken odd = new OddToken();
        vm.startPrank(owner);
        register(ODD, address(odd), Custody.Lock, 6);
        vm.stopPrank();
        odd.mint(user, 100);
        vm.startPrank(user);
        gateway.send(outgoing, ODD, 5, VAULT, 0);
        odd.setMode(OddToken.Mode.ReturnsFalse);
        vm.expectRevert();
        gateway.send(outgoing, ODD, 5, VAULT, 0);
        vm.stopPrank();
        assertEq(gateway.locked(ODD), 5, "one");
    }

    function test_ATK_30_granularity_names_the_unit() public {
        vm.prank(owner);
        gateway.setLaneAsset(outgoing, NATIVE, true, 1, 1e30, 1000);
        vm.startPrank(user);
        // 1000 canonical units of 1e9 wei.
        vm.expectRevert(abi.encodeWithSelector(E.GatewayAmountNotRepresentable.selector, 15e11, 1e12));
        gateway.send{value: 15e11}(outgoing, NATIVE, 15e11, VAULT, 0);
        gateway.send{value: 2e12}(outgoing, NATIVE, 2e12, VAULT, 0);
        vm.expectRevert(abi.encodeWithSelector(E.GatewayAmountNotRepresentable.selector, 2e12 + 1, 1e12));
        gateway.send{value: 2e12 + 1}(outgoing, NATIVE, 2e12 + 1, VAULT, 0);
        vm.stopPrank();
        vm.prank(owner);
        gateway.setLaneAsset(outgoing, COARSE, true, 1, 1e30, 1e6);
        deliverNow(transferPacket(0, COARSE, 5e6, user));
        vm.startPrank(user);
        // A cent is 10,000 canonical units: a hundred cents are the unit.
        vm.expectRevert(abi.encodeWithSelector(E.GatewayAmountNotRepresentable.selector, 150, 100));
        gateway.send(outgoing, COARSE, 150, VAULT, 0);
        gateway.send(outgoing, COARSE, 300, VAULT, 0);
        vm.stopPrank();
        assertEq(coarse.balanceOf(user), 200, "burned");
    }

    function test_ATK_30_amounts_beyond_a_u128() public {
        lockToken.mint(user, type(uint256).max - lockToken.totalSupply());
        vm.startPrank(user);
        expectError(E.GatewayAmountOutOfRange.selector);
        gateway.send(outgoing, LOCKED, uint256(type(uint128).max) + 1, VAULT, 0);
        expectError(E.GatewayAmountOutOfRange.selector);
        gateway.send(outgoing, LOCKED, 1 << 255, VAULT, 0);
        gateway.send(outgoing, LOCKED, type(uint128).max, VAULT, 0);
        vm.stopPrank();
    }
}
