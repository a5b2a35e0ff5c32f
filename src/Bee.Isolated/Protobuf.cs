using System.Text;
using Google.Protobuf;

namespace Bee.Isolated;

/// <summary>Encodes and decodes the few fields of protobuf messages that Bee uses. Bytes that are not a valid message have no fields.</summary>
internal static class Protobuf
{
    /// <summary>Returns the messages or texts of a repeated field.</summary>
    /// <param name="message">The message.</param>
    /// <param name="field">The number of the field.</param>
    public static List<byte[]> Messages(byte[] message, int field)
    {
        var found = new List<byte[]>();
        Read(message, field, WireFormat.WireType.LengthDelimited, input => found.Add(input.ReadBytes().ToByteArray()), found.Clear);
        return found;
    }

    /// <summary>Returns the message of a field; empty if the field is missing.</summary>
    /// <param name="message">The message.</param>
    /// <param name="field">The number of the field.</param>
    public static byte[] Message(byte[] message, int field) => Messages(message, field).LastOrDefault([]);

    /// <summary>Returns the text of a field; null if it is missing or empty, which is the same.</summary>
    /// <param name="message">The message.</param>
    /// <param name="field">The number of the field.</param>
    public static string? Text(byte[] message, int field) => Message(message, field) is { Length: > 0 } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Returns the number or enum value of a field; 0 if it is missing.</summary>
    /// <param name="message">The message.</param>
    /// <param name="field">The number of the field.</param>
    public static ulong Number(byte[] message, int field)
    {
        ulong number = 0;
        Read(message, field, WireFormat.WireType.Varint, input => number = input.ReadUInt64(), () => number = 0);
        return number;
    }

    /// <summary>Encodes a field that is text.</summary>
    /// <param name="number">The number of the field.</param>
    /// <param name="text">The text.</param>
    public static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    /// <summary>Encodes a field that is a message.</summary>
    /// <param name="number">The number of the field.</param>
    /// <param name="content">The encoded message.</param>
    public static byte[] Field(int number, byte[] content) => Write(number, WireFormat.WireType.LengthDelimited, output => output.WriteBytes(ByteString.CopyFrom(content)));

    /// <summary>Encodes a field that is a number, an enum value or a bool.</summary>
    /// <param name="number">The number of the field.</param>
    /// <param name="value">The value.</param>
    public static byte[] Field(int number, int value) => Write(number, WireFormat.WireType.Varint, output => output.WriteInt32(value));

    private static byte[] Write(int number, WireFormat.WireType type, Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        var output = new CodedOutputStream(stream);
        output.WriteTag(number, type);
        write(output);
        output.Flush();
        return stream.ToArray();
    }

    private static void Read(byte[] message, int field, WireFormat.WireType type, Action<CodedInputStream> read, Action clear)
    {
        try
        {
            var input = new CodedInputStream(message);
            while (input.ReadTag() is not 0 and var tag)
            {
                if (WireFormat.GetTagFieldNumber(tag) == field && WireFormat.GetTagWireType(tag) == type)
                {
                    read(input);
                }
                else
                {
                    input.SkipLastField();
                }
            }
        }
        catch (InvalidProtocolBufferException)
        {
            clear();
        }
    }
}
