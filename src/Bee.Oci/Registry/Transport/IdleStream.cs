using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Registry.Transport;

/// <summary>
/// Enforces progress of a body: <see cref="Least"/> bytes, or the rest of the body, within the idle timeout, so that a trickling body times out too. Only the time of
/// pending reads counts, so the reader may be slow. Errors are <see cref="RegistryException"/>: <see cref="RegistryFault.TimedOut"/> or
/// <see cref="RegistryFault.Broken"/>.
/// </summary>
internal sealed class IdleStream : ReadOnlyStream
{
    /// <summary>The bytes that must arrive within the idle timeout.</summary>
    public const int Least = 1024;

    private readonly Stream _inner;
    private readonly TimeSpan _idle;
    private readonly Uri _address;
    private readonly CancellationTokenSource _time = new();
    private TimeSpan _left;
    private int _came;

    /// <summary>Wraps a body.</summary>
    /// <param name="inner">The body.</param>
    /// <param name="idle">The idle timeout.</param>
    /// <param name="address">The URL of the body, for messages.</param>
    public IdleStream(Stream inner, TimeSpan idle, Uri address) => (_inner, _idle, _left, _address) = (inner, idle, idle, address);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        CancellationTokenRegistration given = cancellationToken.UnsafeRegister(static time => ((CancellationTokenSource)time!).Cancel(), _time);
        await using (given.ConfigureAwait(false))
        {
            try
            {
                long start = Stopwatch.GetTimestamp();
                _time.CancelAfter(_left);
                int count = await _inner.ReadAsync(buffer, _time.Token).ConfigureAwait(false);
                _time.CancelAfter(Timeout.InfiniteTimeSpan);
                Count(count, Stopwatch.GetElapsedTime(start));
                return count;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellationToken);
            }
            catch (Exception) when (_time.IsCancellationRequested)
            {
                throw new RegistryException(RegistryFault.TimedOut, string.Create(
                    CultureInfo.InvariantCulture, $"{(_came == 0 ? "Nothing" : $"Only {Quantity.Of(_came, "byte")}")} came from {_address.Authority} for {_idle.TotalSeconds:0.###} s."));
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw ConnectionFault.Broken(e, _address, Repeat.Never);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
            _time.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Count(int count, TimeSpan took)
    {
        _came += count;
        if (_came >= Least)
        {
            (_came, _left) = (0, _idle);
        }
        else if (_idle != Timeout.InfiniteTimeSpan)
        {
            _left = took < _left ? _left - took : TimeSpan.Zero;
        }
    }
}

/// <summary>A cancellation token with a deadline that can be moved.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationToken _cancellationToken;
    private readonly CancellationTokenSource _source;

    public Deadline(CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>Canceled at the deadline, or by the caller.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>True if the deadline has passed and the caller has not canceled.</summary>
    public bool IsOver => _source.IsCancellationRequested && !_cancellationToken.IsCancellationRequested;

    /// <summary>Sets the deadline to a time from now.</summary>
    public void Within(TimeSpan time) => _source.CancelAfter(time);

    public void Dispose() => _source.Dispose();
}

/// <summary>Reads small bodies into memory: tokens, manifests, lists, errors. Their size is limited, and they must be complete within the idle timeout.</summary>
internal static class SmallBody
{
    /// <summary>Reads a body; returns null if it is larger than the limit.</summary>
    /// <param name="content">The body; one from the network has its own timeout.</param>
    /// <param name="limit">The most bytes to read.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.TimedOut"/>, or another failure of the transport.</exception>
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
                CultureInfo.InvariantCulture, $"The answer of {answer!.Address.Authority} was not complete within {answer.Idle.TotalSeconds:0.###} s."));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
