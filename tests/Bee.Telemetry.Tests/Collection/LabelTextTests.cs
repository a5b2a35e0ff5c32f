using System.Globalization;
using System.Net.Sockets;
using Bee.Ebpf.Records;
using Bee.Telemetry.Collection;

namespace Bee.Telemetry.Tests.Collection;

public sealed class LabelTextTests
{
    public static TheoryData<object?, object, string> Cases => new()
    {
        { null, FieldMeaning.Text, "" },
        { "a\nb", FieldMeaning.Text, "a\nb" },
        { true, FieldMeaning.Boolean, "true" },
        { 255ul, FieldMeaning.Pointer, "0xff" },
        { -5, FieldMeaning.Number, "-5" },
        { 1.5, FieldMeaning.Number, "1.5" },
        { AddressFamily.InterNetwork, FieldMeaning.Enum, "InterNetwork" },
        { (AddressFamily)12345, FieldMeaning.Enum, "12345" },
        { new byte[] { 1, 255 }, FieldMeaning.Bytes, "01ff" },
        { new[] { "ls", "-l" }, FieldMeaning.Words, "ls -l" },
        { new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), FieldMeaning.Timestamp, "2026-01-02T03:04:05.000000Z" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_labels_text_is_the_fields_value_in_every_culture(object? value, object meaning, string text)
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NegativeSign) = (",", "~");
            CultureInfo.CurrentCulture = culture;
            Assert.Equal(text, LabelValue.Of(value, (FieldMeaning)meaning));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
