namespace Bee.Mutation;

/// <summary>A small generator of random numbers (SplitMix64) that gives the same row for the same seed on every runtime.</summary>
internal struct Chance(ulong seed)
{
    private ulong _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Bits()
    {
        _state += 0x9e37_79b9_7f4a_7c15;
        var z = _state;
        z = (z ^ z >> 30) * 0xbf58_476d_1ce4_e5b9;
        z = (z ^ z >> 27) * 0x94d0_49bb_1331_11eb;
        return z ^ z >> 31;
    }

    /// <summary>A number from 0 to below the limit, which must be positive.</summary>
    public int Below(int limit) => (int)(Bits() % (ulong)limit);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Below(times) == 0;
}
