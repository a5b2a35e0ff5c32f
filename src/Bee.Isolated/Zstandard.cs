using Bee.Oci.Formats;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Bee.Isolated;

/// <summary>Decompresses zstd with ZstdSharp, because .NET 8 to 10 cannot.</summary>
public sealed class Zstandard : IZstandard
{
    // The default limit of the zstd program: 128 MiB. A frame may ask for up to 2 TiB.
    private const int LargestWindowLog = 27;

    /// <inheritdoc/>
    public Stream Decompress(Stream compressed)
    {
        var frames = new Frames(compressed);
        frames.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, LargestWindowLog);
        return frames;
    }

    private sealed class Frames(Stream compressed) : DecompressionStream(compressed)
    {
        public override int Read(Span<byte> buffer)
        {
            try
            {
                return base.Read(buffer);
            }
            catch (Exception e) when (e is ZstdException or EndOfStreamException)
            {
                throw new InvalidDataException(e.Message, e);
            }
        }
    }
}
