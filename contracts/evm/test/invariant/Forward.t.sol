// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ForwarderFactory} from "../../src/forward/ForwarderFactory.sol";
import {ForwardTerms, IForwarder} from "../../src/forward/IForwarder.sol";
import {TestToken} from "../../src/dev/TestToken.sol";
import {DeployedGateway} from "../support/DeployedGateway.sol";
import {ForwardFixture} from "../support/ForwardFixture.sol";
import {Vm} from "../support/Test.sol";

/// @dev What anybody may do around two forwarders of one asset, in any order.
contract ForwardHandler {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    ForwarderFactory private immutable _factory;
    DeployedGateway private immutable _gateway;
    TestToken private immutable _token;
    address private immutable _guardian;
    address private immutable _owner;
    address private immutable _stranger = address(0x57A);
    ForwardTerms[2] private _terms;
    uint256 public paidIn;
    uint256 public sentOn;

    constructor(
        ForwarderFactory factory,
        DeployedGateway gateway,
        TestToken token,
        address owner_,
        address guardian_,
        ForwardTerms[2] memory terms
    ) {
        (_factory, _gateway, _token, _owner, _guardian) = (factory, gateway, token, owner_, guardian_);
        (_terms[0], _terms[1]) = (terms[0], terms[1]);
    }

    function pay(uint8 which, uint256 amount) external {
        amount %= 1_500;
        paidIn += amount;
        _token.mint(_factory.forwarderOf(_terms[which % 2]), amount);
    }

    function deploy(uint8 which) external {
        vm.prank(_stranger);
        _factory.deploy(_terms[which % 2]);
    }

    function poke(uint8 which) external {
        ForwardTerms memory terms = _terms[which % 2];
        vm.prank(_stranger);
        try _factory.poke(terms) {
            sentOn += terms.amount;
        } catch {}
    }

    /// @dev A refund of the second hop, as the gateway would pay it.
    function refund(uint8 which) external {
        ForwardTerms memory terms = _terms[which % 2];
        if (_gateway.locked(terms.assetId) < terms.amount) return;
        paidIn += terms.amount;
        _token.mint(_factory.forwarderOf(terms), terms.amount);
    }

    function recover(uint8 which, bool byRecovery) external {
        ForwardTerms memory terms = _terms[which % 2];
        address place = address(_factory.deploy(terms));
        bool allowed = byRecovery || IForwarder(place).forwarded() || block.timestamp >= terms.expiry;
        vm.prank(byRecovery ? terms.recovery : _stranger);
        (bool done,) = place.call(abi.encodeCall(IForwarder.recover, (address(_token))));
        require(done == allowed, "recovery by whom it should not");
    }

    function steal(uint8 which, address to) external {
        address place = address(_factory.deploy(_terms[which % 2]));
        vm.prank(_stranger);
        (bool done,) = place.call(abi.encodeCall(IForwarder.recoverTo, (address(_token), to)));
        require(!done, "a stranger named an account");
    }

    function pause(bool on) external {
        if (on == _gateway.paused()) return;
        vm.prank(on ? _guardian : _owner);
        if (on) _gateway.pause();
        else _gateway.unpause();
    }

    function pass(uint16 seconds_) external {
        vm.warp(block.timestamp + seconds_ % 900);
    }
}

/// @dev Whatever happens, money is at the forwarders, on its lane or with the recovery account; each sends on at most once.
contract ForwardInvariants is ForwardFixture {
    ForwardHandler private handler;
    ForwardTerms[2] private all;

    function setUp() public override {
        super.setUp();
        all[0] = termsOf(LOCKED, 1_000);
        all[1] = termsOf(LOCKED, 400);
        handler = new ForwardHandler(factory, gateway, lockToken, owner, guardian, all);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_nothing_is_lost_and_nobody_else_is_paid() public view {
        uint256 held = lockToken.balanceOf(factory.forwarderOf(all[0])) + lockToken.balanceOf(factory.forwarderOf(all[1]));
        uint256 locked = gateway.locked(LOCKED);
        assertEq(held + locked + lockToken.balanceOf(recovery), handler.paidIn(), "all of it is where it may be");
        assertEq(locked, handler.sentOn(), "what was sent on is on the lane");
    }

    function invariant_each_sends_on_at_most_once() public view {
        uint256 most = 0;
        for (uint256 i = 0; i < 2; i++) {
            address place = factory.forwarderOf(all[i]);
            if (place.code.length > 0 && IForwarder(place).forwarded()) most += all[i].amount;
        }
        assertEq(handler.sentOn(), most, "once each");
    }
}
