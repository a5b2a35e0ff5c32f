namespace Bee.Registries;

/// <summary>What a request to a registry is for.</summary>
public enum Stage
{
    /// <summary>Whether it is a registry.</summary>
    Ping,

    /// <summary>Whether a manifest is there.</summary>
    HeadManifest,

    /// <summary>A manifest.</summary>
    GetManifest,

    /// <summary>Pushes a manifest, under its digest or a tag.</summary>
    PutManifest,

    /// <summary>Deletes a manifest or a tag.</summary>
    DeleteManifest,

    /// <summary>Whether a blob is there.</summary>
    HeadBlob,

    /// <summary>A blob, or what is left of one.</summary>
    GetBlob,

    /// <summary>Begins an upload.</summary>
    StartUpload,

    /// <summary>Takes a blob from another repository.</summary>
    Mount,

    /// <summary>A chunk.</summary>
    Patch,

    /// <summary>How much of an upload is there.</summary>
    UploadStatus,

    /// <summary>Ends an upload, or sends it whole.</summary>
    PutUpload,

    /// <summary>Takes an upload back.</summary>
    CancelUpload,

    /// <summary>The tags of a repository.</summary>
    Tags,

    /// <summary>The repositories.</summary>
    Catalog,

    /// <summary>What refers to a manifest.</summary>
    Referrers,

    /// <summary>Nothing of the specification.</summary>
    Other,
}
