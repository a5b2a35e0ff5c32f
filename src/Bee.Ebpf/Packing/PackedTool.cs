using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Packing;

/// <summary>Reads and writes the definition of a tool: its object with metadata, and the facts of the machine that decoding needs.</summary>
internal static class PackedTool
{
    private sealed record Header : KeptHeader
    {
        /// <summary>The machine's architecture: a name of <see cref="System.Runtime.InteropServices.Architecture"/>.</summary>
        public required string Architecture { get; init; }

        /// <summary>The enums whose values were replaced by those of the machine's kernel.</summary>
        public required IReadOnlyList<EnumValues> Enums { get; init; }
    }

    private sealed record EnumValues(uint Id, IReadOnlyList<string> Names, IReadOnlyList<long> Values);

    /// <summary>Encodes an object.</summary>
    public static byte[] Encode(ObjectFile file) => KeptObject.Encode(
        new Header
        {
            // A path may contain control characters.
            ObjectName = TerminalText.Clean(file.Name),
            Metadata = KeptObject.Metadata(file),
            Architecture = $"{file.Btf?.Architecture ?? RuntimeInformation.ProcessArchitecture}",
            Enums = [.. (file.Btf?.ReplacedEnums ?? []).Select(type => new EnumValues(type.Key, [.. type.Value.Select(value => value.Name)], [.. type.Value.Select(value => value.Value)]))],
        },
        file);

    /// <summary>Decodes the bytes of <see cref="Encode"/>.</summary>
    /// <exception cref="PackException">The bytes are damaged.</exception>
    public static ObjectFile Decode(ReadOnlySpan<byte> bytes)
    {
        if (KeptObject.Decode<Header>(bytes.ToArray()) is not (var header, var file) || header.Enums is null || TerminalText.IsUnsafe(header.ObjectName)
            || !Enum.TryParse<Architecture>(header.Architecture, out var architecture) || !Enum.IsDefined(architecture))
        {
            throw PackException.Damaged("an object file cannot be read");
        }

        if (file.Btf is { } types)
        {
            types.Architecture = architecture == RuntimeInformation.ProcessArchitecture ? null : architecture;
            foreach (var type in header.Enums)
            {
                Replace(types, type);
            }
        }

        return file;
    }

    private static void Replace(BtfSpec types, EnumValues? replaced)
    {
        if (replaced is not { Names: not null, Values: not null } || replaced.Names.Count != replaced.Values.Count || replaced.Id >= types.Types.Count
            || types.Types[(int)replaced.Id] is not BtfEnum type || !replaced.Names.All(IsName))
        {
            throw PackException.Damaged("an enum of the kernel cannot be read");
        }

        type.Replace([.. replaced.Names.Zip(replaced.Values)]);
    }

    private static bool IsName(string? name) => name is { Length: > 0 } && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');
}
