// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// A ledger of game items: how many of each kind a player holds.
contract Items {
    address public master;
    mapping(uint256 id => mapping(address player => uint256)) public counts;
    mapping(uint256 id => uint256) public supply;

    event Crafted(address indexed to, uint256 indexed id, uint256 count);
    event Given(address indexed from, address indexed to, uint256 indexed id, uint256 count);
    event Used(address indexed player, uint256 indexed id, uint256 count);

    error NotMaster();
    error NoPlayer();
    error TooFew(uint256 held, uint256 needed);

    constructor() {
        master = msg.sender;
    }

    /// Brings new items into the game.
    function craft(address to, uint256 id, uint256 count) external {
        if (msg.sender != master) revert NotMaster();
        if (to == address(0)) revert NoPlayer();
        supply[id] += count;
        counts[id][to] += count;
        emit Crafted(to, id, count);
    }

    function give(address to, uint256 id, uint256 count) external {
        if (to == address(0)) revert NoPlayer();
        _take(id, count);
        counts[id][to] += count;
        emit Given(msg.sender, to, id, count);
    }

    /// Items are used up: they leave the game.
    function use(uint256 id, uint256 count) external {
        _take(id, count);
        supply[id] -= count;
        emit Used(msg.sender, id, count);
    }

    function _take(uint256 id, uint256 count) private {
        uint256 held = counts[id][msg.sender];
        if (held < count) revert TooFew(held, count);
        counts[id][msg.sender] = held - count;
    }
}
