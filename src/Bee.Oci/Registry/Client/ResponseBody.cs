using System.Buffers;

namespace Bee.Oci.Registry.Client;

/// <summary>Reads bodies that fit into memory, and no others.</summary>
internal static class ResponseBody
{
    /// <summary>The whole body.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="limit">The most bytes that it may have; a body without an end costs no more than this.</param>
    /// <param name="what">What it is, for the message.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.TooLarge"/>, or what the transport throws while reading.</exception>
    public static async Task<byte[]> ReadAsync(HttpResponseMessage response, int limit, string what, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentLength > limit)
        {
            throw TooLarge(what, limit);
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(16 << 10);
        try
        {
            using Stream stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            using var body = new MemoryStream();
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0)
            {
                if (body.Length + read > limit)
                {
                    throw TooLarge(what, limit);
                }

                body.Write(buffer, 0, read);
            }

            return body.ToArray();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static RegistryException TooLarge(string what, int limit) =>
        new(RegistryFault.TooLarge, $"The registry's {what} is larger than {limit} bytes, which is the limit for its kind.");
}
