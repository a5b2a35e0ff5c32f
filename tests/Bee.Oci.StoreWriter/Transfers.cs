using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Store;
using Bee.Oci.Transfer;

namespace Bee.Oci.StoreWriter;

/// <summary>Moves images between a store and a registry on this machine.</summary>
internal static class Transfers
{
    /// <summary>Saves one image of the registry as NAME:v0, NAME:v1, …; some are tagged again and some removed.</summary>
    public static async Task SaveAsync(ImageStore store, string name, int count, string host, string repository, string tag)
    {
        using var registry = new RemoteRegistry(host, new RegistryOptions());
        for (int i = 0; i < count; i++)
        {
            string whole = $"{name}:v{i}";
            var progress = new TransferProgress();
            Task<TransferResult> saving = new ImageTransfer(new() { Progress = progress })
                .PullAsync(registry.Repository(repository), tag, store, ImageReference.Parse(whole));
            await TellAsync(saving, progress);
            Line.Say("added", whole, (await saving).Descriptor.Digest.ToString());
            Writing.TagAndRemove(store, name, i, store.Find(whole)!);
        }
    }

    /// <summary>Publishes the image NAME of the store.</summary>
    public static async Task PublishAsync(ImageStore store, string name, string host, string repository, string tag)
    {
        using var registry = new RemoteRegistry(host, new RegistryOptions());
        var progress = new TransferProgress();
        Task<TransferResult> publishing = new ImageTransfer(new() { Progress = progress })
            .PushAsync(store, store.Find(name)!, registry.Repository(repository), tag);
        await TellAsync(publishing, progress);
        Line.Say("published", tag, (await publishing).Descriptor.Digest.ToString());
    }

    private static async Task TellAsync(Task transfer, TransferProgress progress)
    {
        long told = -1;
        while (!transfer.IsCompleted)
        {
            if (progress.DoneBytes is var done && done != told)
            {
                Line.Say("moved", $"{told = done}", "-");
            }

            await Task.WhenAny(transfer, Task.Delay(1));
        }
    }
}
