// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Who holds which item of a supply chain. An item is named by a 32-byte
/// serial; its first holder is whoever registers it, and the receiver of a
/// handover need not accept it.
contract Custody {
    mapping(bytes32 item => address) public holderOf;
    mapping(bytes32 item => uint256) public handovers;

    event Registered(bytes32 indexed item, address indexed holder);
    event Handed(bytes32 indexed item, address indexed from, address indexed to, uint256 handover);

    error AlreadyRegistered(bytes32 item);
    error NotHolder(bytes32 item);
    error NoReceiver();

    function register(bytes32 item) external {
        if (holderOf[item] != address(0)) revert AlreadyRegistered(item);
        holderOf[item] = msg.sender;
        emit Registered(item, msg.sender);
    }

    function hand(bytes32 item, address to) external {
        if (to == address(0)) revert NoReceiver();
        if (holderOf[item] != msg.sender) revert NotHolder(item);
        holderOf[item] = to;
        uint256 handover = ++handovers[item];
        emit Handed(item, msg.sender, to, handover);
    }
}
