// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Two assets exchanged against a common pool, on balances kept in this
/// contract. The product of the reserves never falls in a swap.
contract Swap {
    address public owner;
    uint256 public reserve0;
    uint256 public reserve1;
    mapping(address => uint256) public balance0;
    mapping(address => uint256) public balance1;

    event Funded(address indexed account, uint256 amount0, uint256 amount1);
    event LiquidityAdded(uint256 amount0, uint256 amount1);
    event Swapped(address indexed account, bool zeroForOne, uint256 amountIn, uint256 amountOut);

    error NotOwner();
    error NoLiquidity();
    error BalanceTooLow(uint256 held, uint256 needed);
    error OutputTooLow(uint256 amountOut, uint256 minOut);

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner();
        _;
    }

    constructor() {
        owner = msg.sender;
    }

    function fund(address account, uint256 amount0, uint256 amount1) external onlyOwner {
        balance0[account] += amount0;
        balance1[account] += amount1;
        emit Funded(account, amount0, amount1);
    }

    /// Moves assets of the owner's own into the pool.
    function addLiquidity(uint256 amount0, uint256 amount1) external onlyOwner {
        _take(balance0, amount0);
        _take(balance1, amount1);
        reserve0 += amount0;
        reserve1 += amount1;
        emit LiquidityAdded(amount0, amount1);
    }

    function swap0For1(uint256 amountIn, uint256 minOut) external returns (uint256 amountOut) {
        amountOut = quote(amountIn, reserve0, reserve1);
        if (amountOut < minOut) revert OutputTooLow(amountOut, minOut);
        _take(balance0, amountIn);
        reserve0 += amountIn;
        reserve1 -= amountOut;
        balance1[msg.sender] += amountOut;
        emit Swapped(msg.sender, true, amountIn, amountOut);
    }

    function swap1For0(uint256 amountIn, uint256 minOut) external returns (uint256 amountOut) {
        amountOut = quote(amountIn, reserve1, reserve0);
        if (amountOut < minOut) revert OutputTooLow(amountOut, minOut);
        _take(balance1, amountIn);
        reserve1 += amountIn;
        reserve0 -= amountOut;
        balance0[msg.sender] += amountOut;
        emit Swapped(msg.sender, false, amountIn, amountOut);
    }

    /// What `amountIn` buys after the fee of 0.3%, rounded down for the pool.
    function quote(uint256 amountIn, uint256 reserveIn, uint256 reserveOut) public pure returns (uint256) {
        if (reserveIn == 0 || reserveOut == 0) revert NoLiquidity();
        uint256 afterFee = amountIn * 997;
        return (afterFee * reserveOut) / (reserveIn * 1000 + afterFee);
    }

    function _take(mapping(address => uint256) storage balances, uint256 amount) private {
        uint256 held = balances[msg.sender];
        if (held < amount) revert BalanceTooLow(held, amount);
        balances[msg.sender] = held - amount;
    }
}
