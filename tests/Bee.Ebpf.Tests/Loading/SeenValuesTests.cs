using Bee.Ebpf.Maps;

namespace Bee.Ebpf.Tests.Loading;

public class SeenValuesTests
{
    [Fact]
    public void New_and_different_values_are_changes()
    {
        var seen = new SeenValues(4, 8);
        seen.NextPass();
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(Changed(seen, i, 1, out var known));
            Assert.False(known);
        }

        seen.NextPass();
        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal(i % 7 == 0, Changed(seen, i, i % 7 == 0 ? 2 : 1, out var known));
            Assert.True(known);
        }
    }

    [Fact]
    public void An_entry_missing_in_one_pass_is_new_in_the_next()
    {
        var seen = new SeenValues(4, 8);
        seen.NextPass();
        Changed(seen, 1, 1, out _);
        seen.NextPass();
        seen.NextPass();

        Assert.True(Changed(seen, 1, 1, out var known));
        Assert.False(known);
    }

    [Fact]
    public void Removed_keys_do_not_accumulate()
    {
        var seen = new SeenValues(4, 8);
        for (var pass = 0; pass < 1000; pass++)
        {
            seen.NextPass();
            for (var i = 0; i < 50; i++)
            {
                Changed(seen, pass * 50 + i, 1, out _);
            }
        }

        Assert.True(seen.Room <= 256, $"{seen.Room}");
    }

    private static bool Changed(SeenValues seen, int key, long value, out bool known) =>
        seen.Changed(BitConverter.GetBytes(key), BitConverter.GetBytes(value), out known);
}
