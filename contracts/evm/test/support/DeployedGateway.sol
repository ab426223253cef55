// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGateway} from "../../src/IGateway.sol";

/// @dev All that the committed gateway answers to, with what it inherits from OpenZeppelin.
interface DeployedGateway is IGateway {
    function owner() external view returns (address);
    function transferOwnership(address next) external;
    function acceptOwnership() external;
    function renounceOwnership() external;
    function PAYMENT_GAS() external view returns (uint256);
}
