namespace Bee.Oci.Formats;

/// <summary>Whose convention an image follows. docs/image-format.md has a sample manifest of each.</summary>
public enum ImageFormat
{
    /// <summary>None that Bee knows.</summary>
    Unknown,

    /// <summary>Bee's: BumbleBee's with Bee's own keys in the config.</summary>
    Bee,

    /// <summary>BumbleBee's: an empty config, and the program as the one layer (github.com/solo-io/bumblebee, pkg/spec).</summary>
    BumbleBee,

    /// <summary>Inspektor Gadget's: metadata in YAML as config, and a layer for the program (inspektor-gadget.io, reference/oci-format).</summary>
    InspektorGadget,

    /// <summary>bpfman's: a container image whose one layer has the program in it, with labels (bpfman.io, "eBPF Bytecode Image Specifications").</summary>
    Bpfman,

    /// <summary>A container that Bee has made around an image: it is run by a container engine.</summary>
    Container,
}
