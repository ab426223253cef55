// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC7802} from "@openzeppelin/contracts/interfaces/draft-IERC7802.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ERC165, IERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {PACKET_BYTES} from "./GatewayTypes.sol";
import {IBridgedToken} from "./IBridgedToken.sol";
import {PacketCodec} from "./PacketCodec.sol";

/// @title The representation of an asset of another chain.
/// @notice The gateway is fixed at deployment: no owner, no other minter, nothing to upgrade. Burning takes no allowance,
/// as ERC-7802 has it; the gateway burns only tokens of the account that calls it.
///
/// OpenZeppelin's ERC20 keeps supply and balances private and writes the supply for every mint: 280 gas of a transfer of
/// 9,500. This one writes it once for a whole run of packets; the rest is the same standard with the same errors.
contract BridgedToken is ERC165, IERC20Metadata, IERC20Errors, IBridgedToken {
    address public immutable override gateway;
    uint8 public immutable override decimals;
    string public override name;
    string public override symbol;

    /// @dev The sum of all balances, so no balance can overflow where this does not.
    uint256 public override totalSupply;
    mapping(address account => uint256) public override balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public override allowance;

    modifier onlyGateway() {
        if (msg.sender != gateway) revert BridgedTokenNotGateway(msg.sender);
        _;
    }

    constructor(string memory name_, string memory symbol_, uint8 decimals_, address gateway_) {
        if (gateway_ == address(0)) revert BridgedTokenNotGateway(gateway_);
        name = name_;
        symbol = symbol_;
        decimals = decimals_;
        gateway = gateway_;
    }

    function transfer(address to, uint256 value) external override returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external override returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        // An allowance of the largest number is without end, as in OpenZeppelin's.
        if (allowed != type(uint256).max) {
            if (allowed < value) revert ERC20InsufficientAllowance(msg.sender, allowed, value);
            unchecked {
                // Just compared.
                allowance[from][msg.sender] = allowed - value;
            }
        }
        _transfer(from, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external override returns (bool) {
        if (spender == address(0)) revert ERC20InvalidSpender(spender);
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function crosschainMint(address to, uint256 amount) external override onlyGateway {
        totalSupply += amount;
        _credit(to, amount);
        emit CrosschainMint(to, amount, msg.sender);
    }

    function crosschainBurn(address from, uint256 amount) external override onlyGateway {
        _debit(from, amount);
        unchecked {
            // A balance, and so a part of it, is at most the supply.
            totalSupply -= amount;
        }
        emit Transfer(from, address(0), amount);
        emit CrosschainBurn(from, amount, msg.sender);
    }

    function crosschainMintPackets(bytes calldata packets, uint256 multiplier) external override onlyGateway {
        if (packets.length % PACKET_BYTES != 0) revert BridgedTokenPacketsMalformed(packets.length);
        uint256 sum = 0;
        unchecked {
            // Offsets end with the calldata. A sum of u128 amounts does not overflow; that no product does follows from
            // the product of the sum, checked below.
            for (uint256 offset = 0; offset < packets.length; offset += PACKET_BYTES) {
                uint256 amount = PacketCodec.amountOf(PacketCodec.readHead(packets, offset));
                sum += amount;
                _credit(address(bytes20(PacketCodec.receiver(packets, offset))), amount * multiplier);
            }
        }
        totalSupply += sum * multiplier;
    }

    function supportsInterface(bytes4 interfaceId) public view override(ERC165, IERC165) returns (bool) {
        return interfaceId == type(IERC7802).interfaceId || interfaceId == type(IERC20).interfaceId
            || super.supportsInterface(interfaceId);
    }

    function _transfer(address from, address to, uint256 value) private {
        _debit(from, value);
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        unchecked {
            // Moves a part of the supply.
            balanceOf[to] += value;
        }
        emit Transfer(from, to, value);
    }

    function _debit(address from, uint256 value) private {
        uint256 balance = balanceOf[from];
        if (balance < value) revert ERC20InsufficientBalance(from, balance, value);
        unchecked {
            // Just compared.
            balanceOf[from] = balance - value;
        }
    }

    /// @dev The caller adds `value` to the supply, checked.
    function _credit(address to, uint256 value) private {
        if (to == address(0)) revert ERC20InvalidReceiver(to);
        unchecked {
            // At most the supply.
            balanceOf[to] += value;
        }
        emit Transfer(address(0), to, value);
    }
}
