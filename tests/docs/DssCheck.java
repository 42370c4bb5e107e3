// Asks the European Commission's DSS about signed documents: one line per signature, its indication and its level.
// Arguments: a folder with *.anchor, *.intermediate and *.crl in DER; the time of validation; the documents.

import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonCertificateSource;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.spi.x509.revocation.crl.ExternalResourcesCRLSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import java.io.File;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;

public class DssCheck {
    public static void main(String[] arguments) {
        CommonTrustedCertificateSource anchors = new CommonTrustedCertificateSource();
        CommonCertificateSource intermediates = new CommonCertificateSource();
        List<DSSDocument> lists = new ArrayList<>();
        for (File file : new File(arguments[0]).listFiles()) {
            if (file.getName().endsWith(".anchor")) {
                anchors.addCertificate(DSSUtils.loadCertificate(file));
            } else if (file.getName().endsWith(".intermediate")) {
                intermediates.addCertificate(DSSUtils.loadCertificate(file));
            } else if (file.getName().endsWith(".crl")) {
                lists.add(new FileDocument(file));
            }
        }
        for (int position = 2; position < arguments.length; position++) {
            CommonCertificateVerifier verifier = new CommonCertificateVerifier();
            verifier.setTrustedCertSources(anchors);
            verifier.setAdjunctCertSources(intermediates);
            verifier.setAIASource(null);
            verifier.setCrlSource(new ExternalResourcesCRLSource(lists.toArray(new DSSDocument[0])));
            SignedDocumentValidator validator =
                SignedDocumentValidator.fromDocument(new FileDocument(new File(arguments[position])));
            validator.setCertificateVerifier(verifier);
            validator.setValidationTime(Date.from(Instant.parse(arguments[1])));
            SimpleReport report = validator.validateDocument().getSimpleReport();
            for (String signature : report.getSignatureIdList()) {
                System.out.println(report.getIndication(signature) + " " + report.getSignatureFormat(signature));
            }
        }
    }
}
