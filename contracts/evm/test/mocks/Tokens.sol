// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @dev Keeps a part of every transfer.
contract FeeToken is ERC20 {
    uint256 public feePercent;

    constructor() ERC20("Fee", "FEE") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setFee(uint256 percent) external {
        feePercent = percent;
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, value);
        uint256 fee = value * feePercent / 100;
        super._update(from, to, value - fee);
        if (fee > 0) super._update(from, address(0xFEE), fee);
    }
}

/// @dev Gives the receiver more than was sent, as a rebase in the middle of a transfer would.
contract BonusToken is ERC20 {
    constructor() ERC20("Bonus", "BNS") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0)) super._update(address(0), to, 1);
    }
}

/// @dev Answers nothing, as some old tokens do; can be told to fail, to lie, to burn gas or to answer endlessly.
contract OddToken {
    enum Mode {
        Silent,
        ReturnsFalse,
        Reverts,
        BurnsGas,
        ReturnBomb
    }

    uint8 public constant decimals = 6;
    Mode public mode;
    mapping(address => uint256) public balanceOf;

    function setMode(Mode next) external {
        mode = next;
    }

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transfer(address to, uint256 amount) external {
        misbehave();
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        misbehave();
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }

    function misbehave() private view {
        if (mode == Mode.ReturnsFalse) {
            assembly {
                mstore(0, 0)
                return(0, 32)
            }
        }
        if (mode == Mode.Reverts) revert("no");
        if (mode == Mode.BurnsGas) while (true) {}
        if (mode == Mode.ReturnBomb) {
            assembly {
                revert(0, 1000000)
            }
        }
    }
}

/// @dev Calls back into whatever it was told to, in the middle of every transfer.
contract ReentrantToken is ERC20 {
    address private _target;
    bytes private _call;
    uint256 public attempts;
    uint256 public successes;

    constructor() ERC20("Reentrant", "RNT") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function arm(address target, bytes calldata call) external {
        _target = target;
        _call = call;
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (_target != address(0) && from != address(0)) {
            attempts++;
            (bool success,) = _target.call(_call);
            if (success) successes++;
        }
    }
}
