// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev Refuses native coin until told otherwise.
contract RevertingReceiver {
    bool public open;

    function setOpen(bool value) external {
        open = value;
    }

    function execute(address target, bytes calldata data) external returns (bytes memory) {
        (bool success, bytes memory answer) = target.call(data);
        require(success, "call failed");
        return answer;
    }

    receive() external payable {
        require(open, "closed");
    }
}

contract GasBurner {
    receive() external payable {
        while (true) {}
    }
}

/// @dev Answers a payment with a megabyte.
contract ReturnBomber {
    receive() external payable {
        assembly {
            revert(0, 1000000)
        }
    }
}

/// @dev Calls back when paid, and remembers whether it worked.
contract ReentrantReceiver {
    address private _target;
    bytes private _call;
    uint256 public attempts;
    uint256 public successes;

    function arm(address target, bytes calldata data) external {
        _target = target;
        _call = data;
    }

    receive() external payable {
        attempts++;
        (bool success,) = _target.call(_call);
        if (success) successes++;
    }
}

/// @dev Uses most of what a payment may use, as a smart account does.
contract HungryReceiver {
    mapping(uint256 => uint256) private _slots;
    uint256 private _next;

    receive() external payable {
        // Three fresh slots: 66k gas.
        for (uint256 i = 0; i < 3; i++) {
            _slots[_next++] = 1;
        }
    }
}
