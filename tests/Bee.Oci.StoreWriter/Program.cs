using Bee.Oci.Store;
using Bee.Oci.StoreWriter;

// usage: Bee.Oci.StoreWriter write   STORE NAME COUNT
//        Bee.Oci.StoreWriter save    STORE NAME COUNT HOST REPOSITORY TAG
//        Bee.Oci.StoreWriter publish STORE NAME COUNT HOST REPOSITORY TAG
// Each line on standard output reports a fact that holds from then on, even if this process is killed:
//   added NAME DIGEST, removing NAME -, removed NAME -, published NAME DIGEST; and "moved BYTES -", the progress of a transfer.

var store = new ImageStore(args[1]);
string name = args[2];
int count = int.Parse(args[3]);
switch (args[0])
{
    case "write":
        Writing.Run(store, name, count);
        break;
    case "save":
        await Transfers.SaveAsync(store, name, count, args[4], args[5], args[6]);
        break;
    case "publish":
        await Transfers.PublishAsync(store, name, args[4], args[5], args[6]);
        break;
    default:
        return 2;
}

return 0;
