// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title Calls back in the middle of a payment, and remembers the answer.
/// @notice The call to make is another account's code: reading it there leaves most of a payment's gas for the attack.
abstract contract Reenterer {
    /// @dev What `reply` holds when the call back went through.
    bytes4 public constant WENT_THROUGH = 0xffffffff;

    address private _target;
    address private _note;
    bytes4 public reply;
    uint32 public attempts;
    bool internal _insists;

    /// @param insists Whether to fail the payment when the call back fails.
    function arm(address target, address note, bool insists) external {
        (_target, _note, _insists, reply, attempts) = (target, note, insists, 0, 0);
    }

    function _callBack() internal {
        if (_note.code.length == 0) return;
        attempts++;
        (bool success, bytes memory answer) = _target.call(_note.code);
        reply = success ? WENT_THROUGH : bytes4(answer);
        require(success || !_insists, "wants more");
    }
}

/// @dev An account with code. While closed, it takes nothing.
contract ReenteringAccount is Reenterer {
    bool private _closed;

    function setClosed(bool closed) external {
        _closed = closed;
    }

    function approve(ERC20 token, address spender) external {
        token.approve(spender, type(uint256).max);
    }

    receive() external payable {
        require(!_closed, "closed");
        _callBack();
    }
}

/// @dev A token with hooks, before and after it moves the balance.
contract ReenteringToken is ERC20, Reenterer {
    bool private _closed;

    constructor() ERC20("Hooked", "HKD") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setClosed(bool closed) external {
        _closed = closed;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from != address(0)) {
            require(!_closed, "closed");
            _callBack();
        }
        super._update(from, to, value);
    }
}
