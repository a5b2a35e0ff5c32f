using Bee.Oci.Registry.Transport;

namespace Bee.Oci.Registry.Client;

/// <summary>Reads bodies that fit into memory, and no others.</summary>
internal static class ResponseBody
{
    /// <summary>The whole body.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="limit">The most bytes that it may have; a body without an end costs no more than this.</param>
    /// <param name="what">What it is, for the message.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.TooLarge"/>, or what the transport throws while reading.</exception>
    public static async Task<byte[]> ReadAsync(HttpResponseMessage response, int limit, string what, CancellationToken cancellationToken) =>
        await SmallBody.ReadAsync(response.Content, limit, cancellationToken).ConfigureAwait(false) ?? throw TooLarge(what, limit);

    private static RegistryException TooLarge(string what, int limit) =>
        new(RegistryFault.TooLarge, $"The registry's {what} is larger than {limit} bytes, which is the limit for its kind.");
}
