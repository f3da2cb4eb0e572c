// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// The library's ERC721, where anyone may mint an id not yet taken.
contract Collectible is ERC721 {
    constructor() ERC721("Collectible", "CLCT") {}

    /// Plain `_mint`: `_safeMint` would call the recipient.
    function mint(address to, uint256 tokenId) external {
        _mint(to, tokenId);
    }
}
