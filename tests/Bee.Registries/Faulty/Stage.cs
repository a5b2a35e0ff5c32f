namespace Bee.Registries;

/// <summary>The purpose of a request to a registry.</summary>
public enum Stage
{
    /// <summary>Checks whether the server is a registry.</summary>
    Ping,

    /// <summary>Checks whether a manifest exists.</summary>
    HeadManifest,

    /// <summary>Fetches a manifest.</summary>
    GetManifest,

    /// <summary>Pushes a manifest, under its digest or a tag.</summary>
    PutManifest,

    /// <summary>Deletes a manifest or a tag.</summary>
    DeleteManifest,

    /// <summary>Checks whether a blob exists.</summary>
    HeadBlob,

    /// <summary>Fetches a blob, or the rest of one.</summary>
    GetBlob,

    /// <summary>Starts an upload.</summary>
    StartUpload,

    /// <summary>Mounts a blob from another repository.</summary>
    Mount,

    /// <summary>Uploads a chunk.</summary>
    Patch,

    /// <summary>Asks how many bytes of an upload the registry has.</summary>
    UploadStatus,

    /// <summary>Completes an upload, or uploads a whole blob.</summary>
    PutUpload,

    /// <summary>Cancels an upload.</summary>
    CancelUpload,

    /// <summary>Lists the tags of a repository.</summary>
    Tags,

    /// <summary>Lists the repositories.</summary>
    Catalog,

    /// <summary>Lists the referrers of a manifest.</summary>
    Referrers,

    /// <summary>A request that the specification does not define.</summary>
    Other,
}
