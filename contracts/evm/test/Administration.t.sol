// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoint, Custody} from "../src/GatewayTypes.sol";
import {IGateway} from "../src/IGateway.sol";
import {IGatewayErrors as E} from "../src/IGatewayErrors.sol";
import {LaneIds} from "../src/LaneIds.sol";
import {TestToken} from "../src/dev/TestToken.sol";
import {BridgedToken} from "../src/BridgedToken.sol";
import {IBridgedToken} from "../src/IBridgedToken.sol";
import {Fixture} from "./support/Fixture.sol";

contract AdministrationTest is Fixture {
    bytes4 private constant UNAUTHORIZED = bytes4(keccak256("OwnableUnauthorizedAccount(address)"));
    bytes32[] private none;

    function test_ATK_04_15_only_the_owner_configures() public {
        bytes[] memory calls = new bytes[](10);
        calls[0] = abi.encodeCall(IGateway.setGuardian, (user, true));
        calls[1] = abi.encodeCall(IGateway.registerLane, ("eip155:1", VAULT, 20, 512));
        calls[2] = abi.encodeCall(IGateway.setLaneEnabled, (outgoing, false));
        calls[3] = abi.encodeCall(IGateway.setVerifier, (incoming, address(this)));
        calls[4] = abi.encodeCall(IGateway.registerAsset, (9, address(lockToken), Custody.Lock, 6));
        calls[5] = abi.encodeCall(IGateway.setLaneAsset, (outgoing, LOCKED, true, 1, 2, 1));
        calls[6] = abi.encodeCall(IGateway.setLimit, (LOCKED, 10, 10));
        calls[7] = abi.encodeCall(IGateway.unpause, ());
        calls[8] = abi.encodeWithSignature("transferOwnership(address)", user);
        calls[9] = abi.encodeWithSignature("renounceOwnership()");
        address[3] memory callers = [user, guardian, vm.addr(keys[0])];
        for (uint256 i = 0; i < calls.length; i++) {
            for (uint256 j = 0; j < callers.length; j++) {
                vm.prank(callers[j]);
                (bool success, bytes memory answer) = address(gateway).call(calls[i]);
                assertTrue(!success && bytes4(answer) == UNAUTHORIZED, "owner only");
            }
        }
        vm.prank(owner);
        expectError(E.GatewayOwnerRequired.selector);
        gateway.renounceOwnership();
    }

    function test_ATK_15_packets_cannot_reach_the_gateway_or_its_tokens() public {
        // A packet has no call in it at all. Its receiver may be a contract of the bridge: then it goes back.
        uint64 out = nextOut();
        deliverNow(
            bytes.concat(
                transferPacket(0, MINTED, 1, address(gateway)), transferPacket(1, MINTED, 1, address(minted))
            )
        );
        assertEq(nextOut(), out + 2, "both came back");
    }

    function test_guardians_pause_and_only_the_owner_unpauses() public {
        expectError(E.GatewayNotGuardian.selector);
        gateway.pause();
        Checkpoint memory cp = nextCheckpoint(transferPacket(0, MINTED, 1, user));
        bytes memory signatures = signed(cp);
        vm.prank(guardian);
        gateway.pause();
        assertTrue(gateway.paused(), "paused");
        expectError(E.GatewayIsPaused.selector);
        gateway.accept(cp, signatures);
        expectError(E.GatewayIsPaused.selector);
        gateway.deliver(cp, 0, 0, "", none);
        expectError(E.GatewayIsPaused.selector);
        gateway.acceptAndDeliver(cp, 0, signatures, 0, "", none);
        expectError(E.GatewayIsPaused.selector);
        gateway.claim(LOCKED, user);
        expectError(E.GatewayIsPaused.selector);
        gateway.releaseReturn(incoming, "", user);
        uint256[] memory amounts = new uint256[](1);
        vm.startPrank(user);
        expectError(E.GatewayIsPaused.selector);
        gateway.send(outgoing, LOCKED, 1, VAULT, 0);
        expectError(E.GatewayIsPaused.selector);
        gateway.sendBatch(outgoing, LOCKED, amounts, VAULT, 0);
        vm.stopPrank();
        vm.prank(guardian);
        expectError(UNAUTHORIZED);
        gateway.unpause();
        vm.prank(owner);
        gateway.unpause();
        gateway.accept(cp, signatures);
        vm.startPrank(owner);
        gateway.pause();
        gateway.unpause();
        gateway.setGuardian(guardian, false);
        vm.stopPrank();
        vm.prank(guardian);
        expectError(E.GatewayNotGuardian.selector);
        gateway.pause();
    }

    function test_ownership_moves_in_two_steps() public {
        vm.prank(owner);
        gateway.transferOwnership(user);
        assertEq(gateway.owner(), owner, "not yet");
        vm.prank(user);
        gateway.acceptOwnership();
        assertEq(gateway.owner(), user, "now");
    }

    function test_lane_ids_and_lane_registration() public {
        string memory here = "eip155:31337";
        bytes memory self = abi.encodePacked(address(gateway));
        assertEq(outgoing, LaneIds.laneId(here, self, REMOTE, VAULT), "outgoing");
        assertEq(incoming, LaneIds.laneId(REMOTE, VAULT, here, self), "incoming");
        assertEq(gateway.oppositeLanes(incoming), outgoing, "opposite");
        assertEq(gateway.oppositeLanes(outgoing), incoming, "opposite");
        vm.startPrank(owner);
        expectError(E.GatewayLaneExists.selector);
        gateway.registerLane(REMOTE, VAULT, 20, 512);
        expectError(E.GatewayLaneMalformed.selector);
        gateway.registerLane("", VAULT, 20, 512);
        expectError(E.GatewayLaneMalformed.selector);
        gateway.registerLane(REMOTE, "", 20, 512);
        expectError(E.GatewayLaneMalformed.selector);
        gateway.registerLane(REMOTE, new bytes(33), 20, 512);
        expectError(E.GatewayLaneMalformed.selector);
        gateway.registerLane("a:b", VAULT, 0, 512);
        expectError(E.GatewayLaneMalformed.selector);
        gateway.registerLane("a:b", VAULT, 33, 512);
        expectError(E.GatewayLaneMalformed.selector);
        gateway.registerLane("a:b", VAULT, 20, 0);
        expectError(E.GatewayLaneMalformed.selector);
        gateway.registerLane("a:b", VAULT, 20, 513);
        expectError(E.GatewayLaneMalformed.selector);
        gateway.registerLane(here, self, 20, 512);
        expectError(E.GatewayLaneUnknown.selector);
        gateway.setLaneEnabled(incoming, true);
        expectError(E.GatewayLaneUnknown.selector);
        gateway.setVerifier(outgoing, address(this));
        vm.stopPrank();
    }

    function test_assets_are_mapped_once_and_checked() public {
        vm.startPrank(owner);
        expectError(E.GatewayAssetExists.selector);
        gateway.registerAsset(LOCKED, address(minted), Custody.Mint, 6);
        expectError(E.GatewayTokenTaken.selector);
        gateway.registerAsset(9, address(lockToken), Custody.Lock, 6);
        BridgedToken foreign = deployBridged(6, user);
        expectError(E.GatewayTokenInvalid.selector);
        gateway.registerAsset(9, address(foreign), Custody.Mint, 6);
        TestToken huge = new TestToken("Huge", "HGE", 39);
        expectError(E.GatewayDecimalsTooMany.selector);
        gateway.registerAsset(9, address(huge), Custody.Lock, 6);
        TestToken fine = new TestToken("Fine", "FNE", 6);
        expectError(E.GatewayDecimalsTooMany.selector);
        gateway.registerAsset(9, address(fine), Custody.Lock, 39);
        expectError(E.GatewayAssetUnknown.selector);
        gateway.setLimit(9, 10, 10);
        expectError(E.GatewayAssetUnknown.selector);
        gateway.setLaneAsset(outgoing, 9, true, 1, 1, 1);
        expectError(E.GatewayLaneUnknown.selector);
        gateway.setLaneAsset(incoming, LOCKED, true, 1, 1, 1);
        expectError(E.GatewayTermsInvalid.selector);
        gateway.setLaneAsset(outgoing, LOCKED, true, 0, 1, 1);
        expectError(E.GatewayTermsInvalid.selector);
        gateway.setLaneAsset(outgoing, LOCKED, true, 2, 1, 1);
        expectError(E.GatewayTermsInvalid.selector);
        gateway.setLaneAsset(outgoing, LOCKED, true, 1, 1, 0);
        expectError(E.GatewayLimitInvalid.selector);
        gateway.setLimit(LOCKED, 10, 0);
        expectError(E.GatewayLimitInvalid.selector);
        gateway.setLimit(LOCKED, 1, 10);
        vm.stopPrank();
    }

    function test_ATK_02_an_owner_is_required() public {
        try this.deployOwnerless() {
            assertTrue(false, "deployed");
        } catch {}
    }

    function deployOwnerless() external {
        deployGateway(address(0), signerSet(1, 2, keys));
    }

    // ---- BridgedToken ----

    function test_ATK_17_only_the_gateway_mints_and_burns() public {
        address[3] memory callers = [user, owner, guardian];
        for (uint256 i = 0; i < 3; i++) {
            vm.startPrank(callers[i]);
            expectError(IBridgedToken.BridgedTokenNotGateway.selector);
            minted.crosschainMint(user, 1);
            expectError(IBridgedToken.BridgedTokenNotGateway.selector);
            minted.crosschainBurn(user, 1);
            expectError(IBridgedToken.BridgedTokenNotGateway.selector);
            minted.crosschainMintPackets(transferPacket(0, MINTED, 1, user), 1);
            vm.stopPrank();
        }
        try this.deployBridgedExternal(address(0)) {
            assertTrue(false, "deployed");
        } catch {}
    }

    function deployBridgedExternal(address gateway_) external {
        deployBridged(6, gateway_);
    }

    function test_bridged_token_is_an_erc20() public {
        BridgedToken token = deployBridged(6, address(this));
        token.crosschainMint(user, 100);
        assertEq(token.totalSupply(), 100, "supply");
        assertEq(token.decimals(), 6, "decimals");
        vm.startPrank(user);
        assertTrue(token.transfer(account("a"), 30), "transfer");
        assertTrue(token.approve(account("b"), 50), "approve");
        expectError(bytes4(keccak256("ERC20InsufficientBalance(address,uint256,uint256)")));
        token.transfer(account("a"), 71);
        expectError(bytes4(keccak256("ERC20InvalidReceiver(address)")));
        token.transfer(address(0), 1);
        expectError(bytes4(keccak256("ERC20InvalidSpender(address)")));
        token.approve(address(0), 1);
        // To oneself: nothing changes.
        token.transfer(user, 70);
        assertEq(token.balanceOf(user), 70, "self");
        vm.stopPrank();
        vm.startPrank(account("b"));
        token.transferFrom(user, account("c"), 20);
        assertEq(token.allowance(user, account("b")), 30, "allowance");
        expectError(bytes4(keccak256("ERC20InsufficientAllowance(address,uint256,uint256)")));
        token.transferFrom(user, account("c"), 31);
        vm.stopPrank();
        vm.prank(user);
        token.approve(account("b"), type(uint256).max);
        vm.prank(account("b"));
        token.transferFrom(user, account("c"), 10);
        assertEq(token.allowance(user, account("b")), type(uint256).max, "without end");
        token.crosschainBurn(user, 40);
        assertEq(token.totalSupply(), 60, "burned");
        expectError(bytes4(keccak256("ERC20InsufficientBalance(address,uint256,uint256)")));
        token.crosschainBurn(user, 1);
        expectError(bytes4(keccak256("ERC20InvalidReceiver(address)")));
        token.crosschainMint(address(0), 1);
        vm.expectRevert();
        token.crosschainMint(user, type(uint256).max);
        assertTrue(token.supportsInterface(0x33331994), "ERC-7802");
        assertTrue(token.supportsInterface(0x01ffc9a7), "ERC-165");
        assertTrue(token.supportsInterface(0x36372b07), "ERC-20");
        assertTrue(!token.supportsInterface(0xffffffff), "not everything");
    }

    function test_bridged_token_batch_checks_shape_and_overflow() public {
        BridgedToken token = deployBridged(6, address(this));
        expectError(IBridgedToken.BridgedTokenPacketsMalformed.selector);
        token.crosschainMintPackets(new bytes(134), 1);
        bytes memory most = transferPacket(0, MINTED, type(uint128).max, user);
        vm.expectRevert();
        token.crosschainMintPackets(most, type(uint256).max);
        vm.expectRevert();
        token.crosschainMintPackets(bytes.concat(most, most), 1 << 128);
        assertEq(token.totalSupply(), 0, "nothing");
        token.crosschainMintPackets(bytes.concat(most, most), 10);
        assertEq(token.totalSupply(), 20 * uint256(type(uint128).max), "supply");
        assertEq(token.balanceOf(user), token.totalSupply(), "balance");
    }
}
