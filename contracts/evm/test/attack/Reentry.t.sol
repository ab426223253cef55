// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Custody} from "../../src/GatewayTypes.sol";
import {IGateway} from "../../src/IGateway.sol";
import {IGatewayErrors} from "../../src/IGatewayErrors.sol";
import {AttackFixture} from "../support/AttackFixture.sol";
import {ReenteringAccount, ReenteringToken} from "./Reenterer.sol";

/// @title ATK-14 and ATK-22: every place where the gateway calls out, times every entry that could be called back.
/// @notice Each is run twice from the same state, once calm and once with the call back: both must end the same.
contract ReentryAttacks is AttackFixture {
    uint32 private constant HOOKED = 5;
    uint256 private constant PLACES = 8;
    uint256 private constant ENTRIES = 9;
    address private constant NOTE = address(0x4073);

    ReenteringAccount private account_;
    ReenteringToken private hooked;
    Bundle private nativeBundle;
    Bundle private hookedBundle;
    Bundle private next;
    bytes private nextSignatures;

    function setUp() public override {
        super.setUp();
        account_ = new ReenteringAccount();
        hooked = new ReenteringToken();
        vm.startPrank(owner);
        register(HOOKED, address(hooked), Custody.Lock, 6);
        vm.stopPrank();
        hooked.mint(user, 1e12);
        vm.prank(user);
        hooked.approve(address(gateway), type(uint256).max);
        vm.prank(user);
        gateway.send(outgoing, HOOKED, 5e11, VAULT, 0);
        // The attacker's account owns tokens and has approved, so that its own deposits would pass.
        lockToken.mint(address(account_), 1e12);
        account_.approve(lockToken, address(gateway));

        // 1. Returns that it does not take now are held for it: money to claim.
        account_.setClosed(true);
        hooked.setClosed(true);
        hold(NATIVE, 3e9);
        hold(HOOKED, 3e6);
        account_.setClosed(false);
        hooked.setClosed(false);
        assertEq(gateway.claimable(NATIVE, address(account_)), 3e9, "held");
        assertEq(gateway.claimable(HOOKED, address(account_)), 3e6, "held");
        // 2. Two accepted checkpoints, and one that is only signed.
        nativeBundle = payments(NATIVE, 2e9, address(account_), 2, 1);
        acceptNow(nativeBundle);
        hookedBundle = payments(HOOKED, 2e6, address(account_), 2, 1);
        acceptNow(hookedBundle);
        next = payment(NATIVE, 7e9, address(account_));
        nextSignatures = signed(next.checkpoint);
    }

    function test_ATK_14_ReentryFromEveryPlaceIntoEveryEntryHasOneEffect() external {
        for (uint256 place = 0; place < PLACES; place++) {
            uint256 start = vm.snapshotState();
            arm("", false);
            succeedsAt(place);
            bytes32 calm = outcome();
            vm.revertToState(start);
            for (uint256 entry = 0; entry < ENTRIES; entry++) {
                start = vm.snapshotState();
                arm(entryCall(entry), false);
                succeedsAt(place);
                bool byToken = place >= 4;
                assertEq(byToken ? hooked.attempts() : account_.attempts(), 1, "it did call back");
                assertEq(
                    byToken ? hooked.reply() : account_.reply(),
                    ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector,
                    "the answer to the call back"
                );
                assertEq(outcome(), calm, "a call back changed the outcome");
                vm.revertToState(start);
            }
        }
    }

    /// @dev A receiver that fails unless its call back works is a receiver that fails: the payment comes back, once.
    function test_ATK_22_InsistingOnReentryIsARefusal() external {
        for (uint256 entry = 0; entry < ENTRIES; entry++) {
            uint256 start = vm.snapshotState();
            arm(entryCall(entry), true);
            uint64 sent = nextOut();
            uint256 balance = address(account_).balance;
            uint256 lockedBefore = gateway.locked(NATIVE);
            vm.recordLogs();
            deliverNow(nativeBundle, 0);
            uint8[] memory reasons = refusals(vm.getRecordedLogs());
            assertEq(reasons.length, 1, "one refusal");
            assertEq(reasons[0], 5, "payment failed");
            assertEq(nextOut(), sent + 1, "one return");
            assertEq(address(account_).balance, balance, "nothing paid");
            assertEq(gateway.locked(NATIVE), lockedBefore, "nothing left");
            refused(
                mallory,
                deliverCall(nativeBundle, 0),
                abi.encodeWithSelector(
                    IGatewayErrors.GatewayChunkAlreadyDelivered.selector, incoming, nativeBundle.chunkBase
                )
            );
            vm.revertToState(start);
        }
    }

    /// @dev A claim whose payment fails leaves the claim as it was.
    function test_ATK_22_AFailedClaimCostsNothing() external {
        arm(entryCall(0), true);
        bytes32 before = outcome();
        vm.prank(address(account_));
        (bool success,) = address(gateway).call(abi.encodeCall(IGateway.claim, (NATIVE, address(account_))));
        assertTrue(!success, "claimed");
        assertEq(outcome(), before, "a failed claim changed something");
    }

    // ---- Places where the gateway calls out ----

    function succeedsAt(uint256 place) private {
        if (place == 0) return succeeds(mallory, deliverCall(nativeBundle, 0));
        // Accepted by someone else meanwhile: the signatures are not looked at.
        if (place == 1) return succeeds(mallory, bothCall(nativeBundle, "", 1));
        if (place == 2) {
            return succeeds(address(account_), abi.encodeCall(IGateway.claim, (NATIVE, address(account_))));
        }
        if (place == 3) {
            return succeeds(
                mallory, bothCall(next, nextSignatures, 0)
            );
        }
        if (place == 4) return succeeds(mallory, deliverCall(hookedBundle, 0));
        if (place == 5) return succeeds(address(account_), abi.encodeCall(IGateway.claim, (HOOKED, mallory)));
        if (place == 6) return succeeds(user, sendCall(HOOKED, 1e6));
        return succeeds(user, batchCall(HOOKED, 1e6));
    }

    // ---- Entries to call back ----

    function entryCall(uint256 entry) private view returns (bytes memory) {
        if (entry == 0) return sendCall(LOCKED, 1e6);
        if (entry == 1) return batchCall(LOCKED, 1e6);
        if (entry == 2) return abi.encodeCall(IGateway.claim, (NATIVE, mallory));
        if (entry == 3) return acceptCall(next, nextSignatures);
        if (entry == 4) return deliverCall(nativeBundle, 0);
        if (entry == 5) return deliverCall(nativeBundle, 1);
        if (entry == 6) return deliverCall(hookedBundle, 1);
        if (entry == 7) return bothCall(next, nextSignatures, 0);
        return abi.encodeCall(IGateway.releaseReturn, (incoming, nativeBundle.chunks[0], mallory));
    }

    function arm(bytes memory call, bool insists) private {
        vm.etch(NOTE, call);
        account_.arm(address(gateway), NOTE, insists);
        hooked.arm(address(gateway), NOTE, insists);
    }

    function hold(uint32 assetId, uint128 amount) private {
        Bundle memory bundle = returned(assetId, amount, address(account_));
        acceptNow(bundle);
        deliverNow(bundle, 0);
    }

    function outcome() private view returns (bytes32) {
        return keccak256(
            abi.encode(
                fingerprint(),
                address(account_).balance,
                hooked.balanceOf(address(account_)),
                hooked.balanceOf(address(gateway)),
                hooked.balanceOf(mallory),
                hooked.balanceOf(user),
                lockToken.balanceOf(address(account_)),
                gateway.claimable(NATIVE, address(account_)),
                gateway.claimable(HOOKED, address(account_)),
                gateway.locked(HOOKED)
            )
        );
    }
}
