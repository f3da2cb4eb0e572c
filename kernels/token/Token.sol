// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// The library's ERC20 with nothing added. It mints nothing: whoever loads it
/// places the balances in storage.
contract Token is ERC20 {
    constructor() ERC20("Token", "TKN") {}
}
