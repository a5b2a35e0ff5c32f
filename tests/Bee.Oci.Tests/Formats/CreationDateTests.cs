using Bee.Oci.Formats;

namespace Bee.Oci.Tests.Formats;

public sealed class CreationDateTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("0001-01-01T14:00:00+14:00")]
    public void An_invalid_date_is_null(string? text) => Assert.Null(CreationDate.Read(text));

    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("2026-11-23T04:00:00.5+01:00", 1795402800.5)]
    [InlineData("2026-11-23T03:00:00", 1795402800)]
    public void A_date_is_local_time(string text, double seconds)
    {
        DateTime date = CreationDate.Read(text)!.Value;

        Assert.Equal(DateTimeKind.Local, date.Kind);
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(seconds), date.ToUniversalTime());
    }
}
