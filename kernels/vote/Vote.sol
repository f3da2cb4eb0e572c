// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// A weighted vote: the chair hands out weights, each member votes once.
contract Vote {
    address public chair;
    bool public closed;
    mapping(address => uint256) public weightOf;
    mapping(address => bool) public hasVoted;
    mapping(uint256 proposal => uint256) public tally;

    event WeightSet(address indexed member, uint256 weight);
    event Voted(address indexed member, uint256 indexed proposal, uint256 weight);
    event Closed();

    error NotChair();
    error NotMember();
    error AlreadyVoted();
    error VoteClosed();

    modifier onlyChair() {
        if (msg.sender != chair) revert NotChair();
        _;
    }

    modifier whileOpen() {
        if (closed) revert VoteClosed();
        _;
    }

    constructor() {
        chair = msg.sender;
    }

    /// A weight is fixed once it has been used.
    function setWeight(address member, uint256 weight) external onlyChair whileOpen {
        if (hasVoted[member]) revert AlreadyVoted();
        weightOf[member] = weight;
        emit WeightSet(member, weight);
    }

    function vote(uint256 proposal) external whileOpen {
        uint256 weight = weightOf[msg.sender];
        if (weight == 0) revert NotMember();
        if (hasVoted[msg.sender]) revert AlreadyVoted();
        hasVoted[msg.sender] = true;
        tally[proposal] += weight;
        emit Voted(msg.sender, proposal, weight);
    }

    function close() external onlyChair whileOpen {
        closed = true;
        emit Closed();
    }

    /// Whether `proposal` has strictly more weight behind it than `other`.
    function leads(uint256 proposal, uint256 other) external view returns (bool) {
        return tally[proposal] > tally[other];
    }
}
