using System.Diagnostics;
using System.Globalization;
using Bee.Oci.Formats;

namespace Bee.Oci.Registry.Transport;

/// <summary>
/// A body that has to move: <see cref="Least"/> bytes within the idle timeout, or all that is left. So one that trickles comes to an end too. Time counts only while
/// somebody reads, so a reader may be as slow as it likes. What goes wrong comes out as <see cref="RegistryException"/>: <see cref="RegistryFault.TimedOut"/> or
/// <see cref="RegistryFault.Broken"/>.
/// </summary>
internal sealed class IdleStream : ReadOnlyStream
{
    /// <summary>What has to come within the idle timeout, in bytes.</summary>
    public const int Least = 1024;

    private readonly Stream _inner;
    private readonly TimeSpan _idle;
    private readonly Uri _address;
    private readonly CancellationTokenSource _time = new();
    private TimeSpan _left;
    private int _came;

    /// <summary>Watches a body.</summary>
    /// <param name="inner">The body.</param>
    /// <param name="idle">The idle timeout.</param>
    /// <param name="address">Where it comes from, for messages.</param>
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
                    CultureInfo.InvariantCulture, $"{(_came == 0 ? "Nothing" : $"Only {_came} bytes")} came from {_address.Authority} for {_idle.TotalSeconds:0.###} s."));
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw ConnectionFault.Broken(e, _address).Reported;
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
