using Bee.Oci.Registry;
using Bee.Oci.Registry.Transport;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry;

public sealed class TimeoutTests
{
    private static readonly RegistryOptions s_short = Wire.Quick with { HeaderTimeout = TimeSpan.FromMilliseconds(300), IdleTimeout = TimeSpan.FromMilliseconds(300) };

    [Fact]
    public async Task SilenceIsAnErrorAndNotTriedAgain()
    {
        using var registry = new Wire(request => request.WaitForClientAsync());

        Assert.Equal(RegistryFault.TimedOut, (await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(s_short))).Fault);
        Assert.Single(registry.Requests);
    }

    [Fact]
    public async Task ABodyThatStandsStillIsAnError()
    {
        using var registry = new Wire(async request =>
        {
            await request.SendHeadAsync(new HttpAnswer(200).With("Content-Length", "100"));
            await request.WriteAsync(new byte[10]);
            await request.WaitForClientAsync();
        });

        Assert.Equal(RegistryFault.TimedOut, (await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(s_short))).Fault);
    }

    [Fact]
    public async Task ABodyThatTakesLongButMovesIsFine()
    {
        using var registry = new Wire(async request =>
        {
            await request.SendHeadAsync(new HttpAnswer(200).With("Content-Length", "12"));
            for (int i = 0; i < 12; i++)
            {
                await request.WriteAsync("x"u8.ToArray());
                await Task.Delay(50);
            }
        });

        Assert.Equal((200, "xxxxxxxxxxxx"), await registry.GetAsync(s_short));
    }

    [Fact]
    public async Task ABodyThatBreaksIsToldFromOneThatEnds()
    {
        using var registry = new Wire(async request =>
        {
            await request.SendHeadAsync(new HttpAnswer(200).With("Content-Length", "100"));
            await request.WriteAsync(new byte[10]);
            request.Close();
        });

        Assert.Equal(RegistryFault.Broken, (await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync())).Fault);
    }

    [Fact]
    public async Task AnUploadThatNobodyTakesIsAnError()
    {
        using var registry = new Wire(async request => await Task.Delay(Timeout.Infinite, request.End));

        Assert.Equal(RegistryFault.TimedOut, (await Assert.ThrowsAsync<RegistryException>(() => registry.PutAsync(new byte[64 << 20], s_short))).Fault);
    }

    [Fact]
    public async Task CancellingIsNoTimeout()
    {
        using var cancel = new CancellationTokenSource();
        using var registry = new Wire(request =>
        {
            cancel.Cancel();
            return request.WaitForClientAsync();
        });
        using RegistryTransport transport = registry.Transport();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => transport.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, "v2/"), RegistryScope.None, cancel.Token));
    }
}
