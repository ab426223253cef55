// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {SignerSet} from "./GatewayTypes.sol";
import {Inbox} from "./Inbox.sol";
import {SignerSets} from "./SignerSets.sol";

/// @title The gateway. Not upgradeable; see IGateway for what it promises and how it is set up.
/// @notice From the outside in: Inbox (checkpoints, chunks) over Settlement (payments, refusals, held returns) over Outbox
/// (deposits) over ValueLimits, AssetRegistry, Lanes and Guarded; SignerSets beside them.
contract Gateway is Inbox {
    constructor(address owner_, SignerSet memory signers) Ownable(owner_) SignerSets(signers) {}
}
