namespace Bee.Mutation;

/// <summary>A random number generator (SplitMix64) with the same sequence for a seed on every runtime.</summary>
internal struct Chance(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Returns 64 random bits.</summary>
    public ulong Bits()
    {
        _state += 0x9e37_79b9_7f4a_7c15;
        var z = _state;
        z = (z ^ z >> 30) * 0xbf58_476d_1ce4_e5b9;
        z = (z ^ z >> 27) * 0x94d0_49bb_1331_11eb;
        return z ^ z >> 31;
    }

    /// <summary>Returns a number from 0 to below a positive limit.</summary>
    public int Below(int limit) => (int)(Bits() % (ulong)limit);

    /// <summary>Returns true with the probability 1/n.</summary>
    public bool OneIn(int times) => Below(times) == 0;
}
