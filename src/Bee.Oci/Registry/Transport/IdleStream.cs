namespace Bee.Oci.Registry.Transport;

/// <summary>
/// A body that may not stand still. Time counts only while somebody reads, so a reader may be as slow as it likes. What goes wrong comes
/// out as <see cref="RegistryException"/>: <see cref="RegistryFault.TimedOut"/> or <see cref="RegistryFault.Broken"/>.
/// </summary>
internal sealed class IdleStream(Stream inner, TimeSpan idle, Uri address) : ReadOnlyStream
{
    private readonly CancellationTokenSource _time = new();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        CancellationTokenRegistration given = cancellationToken.UnsafeRegister(static time => ((CancellationTokenSource)time!).Cancel(), _time);
        await using (given.ConfigureAwait(false))
        {
            try
            {
                _time.CancelAfter(idle);
                int count = await inner.ReadAsync(buffer, _time.Token).ConfigureAwait(false);
                _time.CancelAfter(Timeout.InfiniteTimeSpan);
                return count;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellationToken);
            }
            catch (Exception) when (_time.IsCancellationRequested)
            {
                throw new RegistryException(RegistryFault.TimedOut, $"Nothing came from {address.Authority} for {idle.TotalSeconds:0.###} s.");
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw ConnectionFault.Broken(e, address).Reported;
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            _time.Dispose();
        }

        base.Dispose(disposing);
    }
}
