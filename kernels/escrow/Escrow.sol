// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Deals between two parties over balances kept in this contract. The buyer's
/// amount is set aside until the buyer releases it or it is refunded.
contract Escrow {
    enum State { None, Open, Released, Refunded }

    struct Deal {
        address buyer;
        address seller;
        State state;
        uint256 amount;
    }

    address public owner;
    mapping(address => uint256) public balanceOf;
    mapping(uint256 id => Deal) public deals;

    event Funded(address indexed account, uint256 amount);
    event Opened(uint256 indexed id, address indexed buyer, address indexed seller, uint256 amount);
    event Released(uint256 indexed id);
    event Refunded(uint256 indexed id);

    error NotAllowed();
    error NoSeller();
    error IdTaken(uint256 id);
    error NotOpen(uint256 id);
    error BalanceTooLow(uint256 held, uint256 needed);

    constructor() {
        owner = msg.sender;
    }

    function fund(address account, uint256 amount) external {
        if (msg.sender != owner) revert NotAllowed();
        balanceOf[account] += amount;
        emit Funded(account, amount);
    }

    /// The caller is the buyer, and picks an id never used before.
    function open(uint256 id, address seller, uint256 amount) external {
        if (seller == address(0)) revert NoSeller();
        if (deals[id].state != State.None) revert IdTaken(id);
        uint256 held = balanceOf[msg.sender];
        if (held < amount) revert BalanceTooLow(held, amount);
        balanceOf[msg.sender] = held - amount;
        deals[id] = Deal(msg.sender, seller, State.Open, amount);
        emit Opened(id, msg.sender, seller, amount);
    }

    /// Pays the seller; only the buyer can say so.
    function release(uint256 id) external {
        Deal storage deal = deals[id];
        if (deal.state != State.Open) revert NotOpen(id);
        if (msg.sender != deal.buyer) revert NotAllowed();
        deal.state = State.Released;
        balanceOf[deal.seller] += deal.amount;
        emit Released(id);
    }

    /// Pays the buyer back; the seller or the owner, as arbiter, can say so.
    function refund(uint256 id) external {
        Deal storage deal = deals[id];
        if (deal.state != State.Open) revert NotOpen(id);
        if (msg.sender != deal.seller && msg.sender != owner) revert NotAllowed();
        deal.state = State.Refunded;
        balanceOf[deal.buyer] += deal.amount;
        emit Refunded(id);
    }
}
