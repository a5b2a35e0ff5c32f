using System.Buffers;
using System.Globalization;

namespace Bee.Oci.Registry.Transport;

/// <summary>Reads bodies that fit into memory: tokens, manifests, lists, errors. They are limited in length, and have to be whole within the idle timeout.</summary>
internal static class SmallBody
{
    /// <summary>Returns the whole body; null where it is longer than the limit.</summary>
    /// <param name="content">The body; one that came over the network brings its timeout.</param>
    /// <param name="limit">The most bytes that it may have; a body without an end costs no more than this.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.TimedOut"/>, or what the transport throws while reading.</exception>
    public static async Task<byte[]?> ReadAsync(HttpContent content, int limit, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > limit)
        {
            return null;
        }

        var answer = content as WatchedAnswer;
        using var deadline = new Deadline(cancellationToken);
        deadline.Within(answer?.Idle ?? Timeout.InfiniteTimeSpan);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(16 << 10);
        try
        {
            using Stream stream = await content.ReadAsStreamAsync(deadline.Token).ConfigureAwait(false);
            using var body = new MemoryStream();
            int read;
            while ((read = await stream.ReadAsync(buffer, deadline.Token).ConfigureAwait(false)) > 0)
            {
                if (body.Length + read > limit)
                {
                    return null;
                }

                body.Write(buffer, 0, read);
            }

            return body.ToArray();
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            throw new RegistryException(RegistryFault.TimedOut, string.Create(
                CultureInfo.InvariantCulture, $"The answer of {answer!.Address.Authority} was not whole within {answer.Idle.TotalSeconds:0.###} s."));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
