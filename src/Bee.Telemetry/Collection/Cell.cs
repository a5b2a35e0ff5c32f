namespace Bee.Telemetry.Collection;

/// <summary>A number that entries hold, and the total that it adds to.</summary>
/// <param name="Target">The index of the total.</param>
/// <param name="Width">How many bits the program counts with, 1 to 64: a count wraps around there.</param>
/// <param name="IsSigned">Whether the number can be negative.</param>
/// <param name="IsSum">Whether the number is a sum of values, which may wrap around or fall without a new start.</param>
internal readonly record struct Cell(int Target, int Width, bool IsSigned, bool IsSum = false)
{
    /// <summary>The bits that the program counts with.</summary>
    public ulong Mask => Width == 64 ? ulong.MaxValue : (1ul << Width) - 1;

    /// <summary>Whether a number is negative.</summary>
    /// <param name="number">The number, sign-extended.</param>
    public bool IsNegative(ulong number) => IsSigned && (long)number < 0;

    /// <summary>The bits that the program counts with. No count of 64 bits with a sign gets beyond its largest number, so a negative one counts nothing.</summary>
    /// <param name="number">The number, sign-extended.</param>
    public ulong Count(ulong number) => IsSum ? number : Width == 64 && IsNegative(number) ? 0 : number & Mask;
}
