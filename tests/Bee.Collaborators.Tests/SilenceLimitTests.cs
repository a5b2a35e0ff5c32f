using Bee.Cmdlets.Fleet;

namespace Bee.Collaborators.Tests;

public class SilenceLimitTests
{
    [Theory]
    [InlineData(250, 1000)]
    [InlineData(600, 1800)]
    [InlineData(60_000, 10_000)]
    public void Current_follows_the_longest_gap_within_its_bounds(int longest, int limit)
    {
        var silence = new SilenceLimit(TimeSpan.FromSeconds(1));
        silence.Add(TimeSpan.FromMilliseconds(longest));
        silence.Add(TimeSpan.FromMilliseconds(10));

        Assert.Equal(limit, silence.Current.TotalMilliseconds);
    }
}
