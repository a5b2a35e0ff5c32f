namespace Bee.Oci.Registry.Transport;

/// <summary>
/// Requests to one registry. Authentication, redirects, retries, timeouts, certificates and proxies are done here and nowhere else.
/// Safe to use from several threads.
/// </summary>
internal sealed class RegistryTransport : IDisposable
{
    private readonly HttpMessageInvoker _http;

    /// <summary>Makes one; asks nothing yet.</summary>
    /// <param name="host">Host and port: <c>ghcr.io</c>, <c>localhost:5000</c>.</param>
    /// <param name="options">How to speak to it.</param>
    public RegistryTransport(string host, RegistryOptions options)
    {
        Base = RegistryHost.Api(host, options);
        _http = new HttpMessageInvoker(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    }

    /// <summary>The address of the registry: <c>https://ghcr.io/</c>.</summary>
    public Uri Base { get; }

    /// <summary>Sends a request and gives the answer, whatever its status, with its headers read. The caller disposes it.</summary>
    /// <param name="make">Makes the request, anew for each time that it is sent, with a body that is at its beginning. Its address may be
    /// relative to <see cref="Base"/>. Credentials go only to the registry itself, whatever the address.</param>
    /// <param name="scope">What the request needs the right to.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="repeat">False for a request that must not be sent again when nobody knows whether the registry took the first one. One
    /// that was refused for want of a token (401), or for coming too soon (429), is sent again in any case.</param>
    /// <returns>The answer. Its body is under the idle timeout; reading it throws <see cref="RegistryException"/> with
    /// <see cref="RegistryFault.TimedOut"/> or <see cref="RegistryFault.Broken"/>.</returns>
    /// <exception cref="RegistryException">There is no answer, or none that may be followed.</exception>
    public async Task<HttpResponseMessage> SendAsync(
        Func<HttpRequestMessage> make, RegistryScope scope, CancellationToken cancellation, bool repeat = true)
    {
        HttpRequestMessage request = make();
        request.RequestUri = new Uri(Base, request.RequestUri ?? Base);
        try
        {
            return await _http.SendAsync(request, cancellation).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw new RegistryException(RegistryFault.Broken, $"The connection to {Base.Authority} broke: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
