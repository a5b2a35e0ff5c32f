using System.Net;
using System.Reflection;

namespace Bee.Oci.Registry.Transport;

/// <summary>Sends a request once, under the timeouts, through the proxy, with the certificates that are trusted. Follows nothing, adds no credentials.</summary>
internal sealed class HttpSender : IDisposable
{
    private static readonly string s_agent = "bee/" + (typeof(HttpSender).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
        ?.InformationalVersion.Split('+')[0] ?? "0");

    private readonly HttpMessageInvoker _http;
    private readonly RegistryOptions _options;
    private readonly ServerTrust _trust;

    /// <exception cref="RegistryException">The file with the authorities or a proxy variable is of no use.</exception>
    public HttpSender(RegistryOptions options)
    {
        _options = options;
        _trust = new ServerTrust(options);
        IWebProxy? proxy = EnvironmentProxy.Read();
        var handler = new SocketsHttpHandler
        {
            // Redirects are followed where credentials are known about; digests are those of the bytes as they are sent.
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = proxy is not null,
            Proxy = proxy,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        };
        handler.SslOptions.RemoteCertificateValidationCallback = _trust.Check;
        _http = new HttpMessageInvoker(handler);
    }

    /// <summary>Sends the request, whose address is absolute. Disposes it.</summary>
    /// <exception cref="RegistryException">There is no answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Uri address = request.RequestUri!;
        using var deadline = new Deadline(cancellationToken);
        using HttpRequestMessage sent = request;
        request.Headers.TryAddWithoutValidation("User-Agent", s_agent);
        WatchedUpload? upload = request.Content is { } body ? new WatchedUpload(body, deadline, _options) : null;
        request.Content = upload;
        deadline.Within(_options.HeaderTimeout);
        try
        {
            HttpResponseMessage answer = await _http.SendAsync(request, deadline.Token).ConfigureAwait(false);
            answer.Content = new WatchedAnswer(answer.Content, _options.IdleTimeout, address);
            return answer;
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception) when (deadline.IsOver)
        {
            throw ConnectionFault.Silent(address, _options.HeaderTimeout);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            upload?.ThrowSourceFault();
            throw e is HttpRequestException failed ? ConnectionFault.From(failed, address, _trust.Refusal(address)) : ConnectionFault.Broken(e, address, Repeat.Always);
        }
        catch
        {
            upload?.ThrowSourceFault();
            throw;
        }
    }

    public void Dispose() => _http.Dispose();
}
